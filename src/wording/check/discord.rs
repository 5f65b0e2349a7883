//! What `guichet check` says of Discord. May import: wording.

use crate::wording::dates;

/// A right that the bot needs on the server, named as Discord's French client names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is Discord's permission of the same name")]
pub enum Right {
    ViewChannel,
    SendMessages,
    SendMessagesInThreads,
    CreatePublicThreads,
    ManageThreads,
    EmbedLinks,
    AttachFiles,
    ReadMessageHistory,
    ManageChannels,
}

impl Right {
    /// All of them.
    pub const ALL: [Right; 9] = [
        Right::ViewChannel,
        Right::SendMessages,
        Right::SendMessagesInThreads,
        Right::CreatePublicThreads,
        Right::ManageThreads,
        Right::EmbedLinks,
        Right::AttachFiles,
        Right::ReadMessageHistory,
        Right::ManageChannels,
    ];

    /// The word by which an alert keeps it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Right::ViewChannel => "view_channel",
            Right::SendMessages => "send_messages",
            Right::SendMessagesInThreads => "send_messages_in_threads",
            Right::CreatePublicThreads => "create_public_threads",
            Right::ManageThreads => "manage_threads",
            Right::EmbedLinks => "embed_links",
            Right::AttachFiles => "attach_files",
            Right::ReadMessageHistory => "read_message_history",
            Right::ManageChannels => "manage_channels",
        }
    }

    /// The right that [`Right::as_str`] wrote, or `None`.
    pub fn from_word(word: &str) -> Option<Right> {
        Right::ALL.into_iter().find(|right| right.as_str() == word)
    }

    /// Its name in the settings of a server.
    pub const fn french(self) -> &'static str {
        match self {
            Right::ViewChannel => "Voir les salons",
            Right::SendMessages => "Envoyer des messages",
            Right::SendMessagesInThreads => "Envoyer des messages dans les fils",
            Right::CreatePublicThreads => "Créer des fils publics",
            Right::ManageThreads => "Gérer les fils",
            Right::EmbedLinks => "Intégrer des liens",
            Right::AttachFiles => "Joindre des fichiers",
            Right::ReadMessageHistory => "Voir les anciens messages",
            Right::ManageChannels => "Gérer les salons",
        }
    }
}

/// The token was refused.
pub const TOKEN_REFUSED: &str = "Discord refuse le jeton du bot ; voir `discord.token` (portail des développeurs, page \
                                 Bot, « Reset Token »)";
/// The one privileged intent that is needed is on.
pub const INTENT_ON: &str = "le bot peut lire les messages (Message Content Intent)";
/// It is off.
pub const INTENT_OFF: &str = "le bot ne peut pas lire les messages : dans le portail des développeurs, page Bot, \
                              cochez « Message Content Intent »";

/// Discord did not answer, or said something else than it should.
pub fn fails(what: &str, why: &str) -> String {
    format!("{what} : {why}")
}

/// What the server answered, by its HTTP status and Discord's own code and words.
pub fn answered(status: u16, code: isize, message: &str) -> String {
    format!("Discord répond {status} ({code}, {message})")
}

/// No answer within the time we wait.
pub const NO_ANSWER: &str = "Discord ne répond pas ; voir `discord.api_url`";

/// The token was taken.
pub fn token_ready(name: &str) -> String {
    format!("le jeton est accepté, le bot s’appelle {name}")
}

/// Where to invite the bot.
pub fn invitation(link: &str) -> String {
    format!("lien d’invitation du bot : {link}")
}

/// The server is reachable.
pub fn guild_ready(name: &str) -> String {
    format!("le bot est sur le serveur « {name} »")
}

/// The server is not, or the bot is no member.
pub fn guild_unreachable(id: u64, link: &str) -> String {
    format!("le bot n’est pas sur le serveur {id} (`discord.guild_id`) ; invitez-le : {link}")
}

/// The channel can be worked in.
pub fn channel_ready(key: &str, name: &str) -> String {
    format!("le salon « {name} » est utilisable (`discord.{key}`)")
}

/// No channel of this id on the server.
pub fn no_channel(key: &str, id: u64) -> String {
    format!("aucun salon {id} sur ce serveur ; voir `discord.{key}`")
}

/// The channel is hidden from the bot.
pub fn hidden_channel(key: &str, id: u64) -> String {
    let right = Right::ViewChannel.french();
    format!("le bot ne voit pas le salon {id} (`discord.{key}`) ; donnez-y à son rôle « {right} »")
}

/// The channel is of a kind that no card can be put in.
pub fn wrong_kind(key: &str, name: &str, may_be_forum: bool) -> String {
    let wanted = if may_be_forum { "un salon textuel ou un forum" } else { "un salon textuel" };
    format!("le salon « {name} » ne convient pas, il faut {wanted} ; voir `discord.{key}`")
}

/// Rights that the bot lacks in a channel; at least one.
pub fn missing_rights(key: &str, name: &str, rights: &[Right]) -> String {
    let names: Vec<String> = rights.iter().map(|right| format!("« {} »", right.french())).collect();
    let needed = if rights.contains(&Right::ManageChannels) {
        " (« Gérer les salons » pour créer les étiquettes des statuts qui manquent au forum)"
    } else {
        ""
    };
    format!("dans le salon « {name} » (`discord.{key}`), donnez au rôle du bot {}{needed}", names.join(", "))
}

/// CMs may sign in by their account.
pub fn sign_in_ready(back: &str) -> String {
    format!("se connecter avec Discord\u{a0}: le retour se fait à {back}")
}

/// Discord would not send anybody back.
pub fn no_way_back(back: &str) -> String {
    format!(
        "se connecter avec Discord\u{a0}: ajoutez l’adresse {back} à l’application (page OAuth2, Redirects)\u{a0}; sans elle Discord \
         refuse d’y ramener"
    )
}

/// The bot and the sign-in are of two applications.
pub fn another_client(id: &str) -> String {
    format!(
        "`discord.client_id` n’est pas l’identifiant de l’application du bot, qui est {id} (page General Information)"
    )
}

/// All configured roles exist.
pub fn roles_ready(count: usize) -> String {
    match count {
        0 => "aucun rôle n’est configuré : `discord.agent_roles`, `discord.lead_roles`".to_owned(),
        1 => "le rôle configuré existe".to_owned(),
        _ => format!("les {count} rôles configurés existent"),
    }
}

/// A configured role that the server lacks.
pub fn no_role(key: &str, id: u64) -> String {
    format!("aucun rôle {id} sur ce serveur ; voir `discord.{key}`")
}

/// How many sessions may still be opened before Discord resets the count.
pub fn sessions(remaining: u64, total: u64) -> String {
    let remaining = dates::count(remaining.try_into().unwrap_or(i64::MAX), "connexion", "connexions");
    format!("encore {remaining} sur {total} avant la remise à zéro par Discord")
}

/// What was asked for, where the answer was none of those that are expected.
pub mod asked {
    /// The bot's own account.
    pub const ACCOUNT: &str = "le compte du bot";
    /// The application.
    pub const APPLICATION: &str = "l’application";
    /// The server.
    pub const GUILD: &str = "le serveur";
    /// The gateway.
    pub const GATEWAY: &str = "la passerelle";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named_as_discord_names_it() {
        assert_eq!(
            missing_rights("support_channel", "support", &[Right::EmbedLinks, Right::ManageThreads]),
            "dans le salon « support » (`discord.support_channel`), donnez au rôle du bot « Intégrer des liens », \
             « Gérer les fils »"
        );
        let tags = missing_rights("support_channel", "support", &[Right::ManageChannels]);
        assert!(tags.ends_with("qui manquent au forum)"), "{tags}");
        let said = |remaining| sessions(remaining, 1000).replace('\u{a0}', "~");
        assert_eq!(said(998), "encore 998~connexions sur 1000 avant la remise à zéro par Discord");
        assert_eq!(said(1), "encore 1~connexion sur 1000 avant la remise à zéro par Discord");
    }
}
