//! Which rights the bot needs, which it has, and the link that asks for them. Pure. May import: wording, serenity.

use crate::wording::check::discord::Right;
use serenity::model::Permissions;
use serenity::model::application::ApplicationFlags;
use serenity::model::channel::{PermissionOverwrite, PermissionOverwriteType};
use serenity::model::id::{ApplicationId, RoleId, UserId};
use std::collections::HashMap;

/// What the bot needs in each of its channels.
pub const NEEDED: [(Permissions, Right); 8] = [
    (Permissions::VIEW_CHANNEL, Right::ViewChannel),
    (Permissions::SEND_MESSAGES, Right::SendMessages),
    (Permissions::SEND_MESSAGES_IN_THREADS, Right::SendMessagesInThreads),
    (Permissions::CREATE_PUBLIC_THREADS, Right::CreatePublicThreads),
    (Permissions::MANAGE_THREADS, Right::ManageThreads),
    (Permissions::EMBED_LINKS, Right::EmbedLinks),
    (Permissions::ATTACH_FILES, Right::AttachFiles),
    (Permissions::READ_MESSAGE_HISTORY, Right::ReadMessageHistory),
];

/// What it needs besides in a forum that lacks a tag for one of the five statuses: to make them.
pub const TO_MAKE_TAGS: (Permissions, Right) = (Permissions::MANAGE_CHANNELS, Right::ManageChannels);

/// An application of one of these may read what messages say.
pub const READS_MESSAGES: ApplicationFlags =
    ApplicationFlags::GATEWAY_MESSAGE_CONTENT.union(ApplicationFlags::GATEWAY_MESSAGE_CONTENT_LIMITED);

/// The bot's place on a server.
#[derive(Debug)]
pub struct Standing {
    /// The role of everybody.
    pub everyone: RoleId,
    /// The bot.
    pub bot: UserId,
    /// The server is its own.
    pub is_owner: bool,
    /// What each role of the server may do.
    pub roles: HashMap<RoleId, Permissions>,
    /// The bot's roles.
    pub bot_roles: Vec<RoleId>,
}

impl Standing {
    /// Its rights in a channel with these overwrites.
    pub fn rights(&self, overwrites: &[PermissionOverwrite]) -> Permissions {
        match self.is_owner {
            true => Permissions::all(),
            false => in_channel(self.everyone, &self.roles, self.bot, &self.bot_roles, overwrites),
        }
    }
}

/// The rights of a member in a channel, as Discord computes them from the roles of the server and the overwrites of the
/// channel: first @everyone's, then those of all other roles together, then the member's own; each takes away before it
/// gives. Rights that Discord ignores for want of another (all of them without `VIEW_CHANNEL`) are counted: they need no
/// mending.
///
/// `everyone` is the role of that name: its id is the server's.
pub fn in_channel(
    everyone: RoleId,
    roles: &HashMap<RoleId, Permissions>,
    member: UserId,
    member_roles: &[RoleId],
    overwrites: &[PermissionOverwrite],
) -> Permissions {
    let of_role = |role: &RoleId| roles.get(role).copied().unwrap_or(Permissions::empty());
    let base = member_roles.iter().map(of_role).fold(of_role(&everyone), |all, role| all | role);
    if base.contains(Permissions::ADMINISTRATOR) {
        return Permissions::all();
    }
    let steps: [&dyn Fn(PermissionOverwriteType) -> bool; 3] = [
        &|kind| kind == PermissionOverwriteType::Role(everyone),
        &|kind| match kind {
            PermissionOverwriteType::Role(role) => role != everyone && member_roles.contains(&role),
            _ => false,
        },
        &|kind| kind == PermissionOverwriteType::Member(member),
    ];
    steps.into_iter().fold(base, |rights, applies| {
        let (deny, allow) = overwrites
            .iter()
            .filter(|overwrite| applies(overwrite.kind))
            .fold((Permissions::empty(), Permissions::empty()), |(deny, allow), overwrite| {
                (deny | overwrite.deny, allow | overwrite.allow)
            });
        (rights & !deny) | allow
    })
}

/// What of the needed rights is not among `rights`.
pub fn missing(rights: Permissions, makes_tags: bool) -> Vec<Right> {
    let needed = NEEDED.into_iter().chain(makes_tags.then_some(TO_MAKE_TAGS));
    needed.filter(|(permission, _)| !rights.contains(*permission)).map(|(_, right)| right).collect()
}

/// The link that invites the bot with exactly the rights it needs.
pub fn invitation(application: ApplicationId, makes_tags: bool) -> String {
    let needed = NEEDED.into_iter().chain(makes_tags.then_some(TO_MAKE_TAGS));
    let bits = needed.fold(Permissions::empty(), |all, (permission, _)| all | permission).bits();
    format!(
        "https://discord.com/oauth2/authorize?client_id={application}&permissions={bits}&scope=bot%20applications.commands"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVERYONE: RoleId = RoleId::new(1);
    const BOT_ROLE: RoleId = RoleId::new(2);
    const OTHER_ROLE: RoleId = RoleId::new(3);
    const BOT: UserId = UserId::new(9);
    const VIEW: Permissions = Permissions::VIEW_CHANNEL;
    const SEND: Permissions = Permissions::SEND_MESSAGES;

    fn overwrite(
        kind: PermissionOverwriteType,
        allow: Permissions,
        deny: Permissions,
    ) -> PermissionOverwrite {
        PermissionOverwrite { allow, deny, kind }
    }

    fn rights(
        of_everyone: Permissions,
        of_bot: Permissions,
        overwrites: &[PermissionOverwrite],
    ) -> Permissions {
        let roles = HashMap::from([(EVERYONE, of_everyone), (BOT_ROLE, of_bot), (OTHER_ROLE, SEND)]);
        in_channel(EVERYONE, &roles, BOT, &[BOT_ROLE], overwrites)
    }

    #[test]
    fn roles_add_up_and_an_administrator_may_do_anything() {
        let none = Permissions::empty();
        assert_eq!(rights(VIEW, SEND, &[]), VIEW | SEND);
        assert_eq!(rights(none, none, &[]), none, "another role's rights are not the bot's");
        let denied = overwrite(PermissionOverwriteType::Member(BOT), none, VIEW);
        assert!(missing(rights(none, Permissions::ADMINISTRATOR, &[denied]), true).is_empty());
    }

    #[test]
    fn overwrites_apply_from_everyone_to_the_member_each_denial_before_its_grant() {
        use PermissionOverwriteType::{Member, Role};
        let none = Permissions::empty();
        let hide = || overwrite(Role(EVERYONE), none, VIEW);
        let grant = || overwrite(Role(BOT_ROLE), VIEW, none);
        let deny = || overwrite(Role(BOT_ROLE), none, VIEW);
        assert_eq!(rights(VIEW, none, &[hide()]), none);
        for order in [[hide(), grant()], [grant(), hide()]] {
            assert_eq!(rights(VIEW, none, &order), VIEW, "a role's grant is stronger than everyone's denial");
        }
        let member = overwrite(Member(BOT), VIEW, none);
        assert_eq!(
            rights(VIEW, none, &[member, hide(), deny()]),
            VIEW,
            "the member's own is stronger than all"
        );
        let others = [overwrite(Member(UserId::new(8)), none, VIEW), overwrite(Role(OTHER_ROLE), none, VIEW)];
        assert_eq!(rights(VIEW, none, &others), VIEW);
        let roles = HashMap::from([(EVERYONE, none), (BOT_ROLE, none), (OTHER_ROLE, none)]);
        let both = [deny(), overwrite(Role(OTHER_ROLE), VIEW, none)];
        let of_both = in_channel(EVERYONE, &roles, BOT, &[BOT_ROLE, OTHER_ROLE], &both);
        assert_eq!(of_both, VIEW, "among roles, a grant wins");
    }

    #[test]
    fn what_is_missing_is_named_and_the_link_asks_for_exactly_that() {
        let all = NEEDED.into_iter().fold(Permissions::empty(), |all, (permission, _)| all | permission);
        assert!(missing(all, false).is_empty());
        assert_eq!(missing(all, true), [Right::ManageChannels]);
        assert_eq!(missing(all & !SEND, false), [Right::SendMessages]);
        let plain = "https://discord.com/oauth2/authorize?client_id=77&permissions=326417632256&scope=bot%20applications.commands";
        assert_eq!(invitation(ApplicationId::new(77), false), plain);
        assert_eq!(all.bits(), 326_417_632_256);
        let with_tags = (all | Permissions::MANAGE_CHANNELS).bits().to_string();
        assert!(invitation(ApplicationId::new(77), true).contains(&with_tags));
    }
}
