//! Messages that people write: commands, and notes in a ticket's thread; as they come, and what was written while we were
//! away.

use super::draw::draw;
use super::gateway::{LATE_PAUSES, Listener, insist, shown_name};
use super::marks::Marks;
use super::post::PLATFORM;
use crate::chat::beside::{Beside, Shelf, download};
use crate::chat::room::Caller;
use crate::desk::mend::BARE;
use crate::domain::ids::PostId;
use crate::view::sheet::{Answer, Sheet};
use crate::wording;
use serenity::all::{
    Attachment, Channel, ChannelId, ChannelType, GetMessages, Http, Message, MessageId, MessageType, Nonce,
    UserId,
};
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

/// How many messages are fetched at a time when catching up: Discord's most.
const CATCH_UP: u8 = 100;
/// The pauses between attempts to catch up: doubled up to the longest.
const PAUSES: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(5 * 60));

impl Listener {
    pub(super) fn marks(&self) -> MutexGuard<'_, Marks> {
        self.marks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A message that comes as it is written.
    pub(super) async fn heard(&self, http: &Arc<Http>, message: Message) {
        self.marks().begin(message.channel_id.get(), message.id.get());
        let Some((_turn, message)) = self.order.next(message).await else { return };
        let (channel, id) = (message.channel_id.get(), message.id.get());
        let noted = match self.take(http, &message, false).await {
            Ok(is_read) => {
                let upto = self.marks().end(channel, id);
                match upto.filter(|_| is_read) {
                    Some(upto) => self.see(channel, upto).await,
                    None => Ok(()),
                }
            }
            Err(error) => Err(error),
        };
        if let Err(error) = noted {
            tracing::error!(error = format!("{error:#}"), "a message on Discord could not be taken in");
            // It is fetched again, with all that came after it.
            self.marks().lost();
            self.missed.notify_one();
        }
    }

    /// Takes a message in: a command, or a note in a ticket's thread. The same again changes nothing. Says whether the
    /// channel is one that is read.
    async fn take(&self, http: &Arc<Http>, message: &Message, fetched: bool) -> anyhow::Result<bool> {
        let age = self.room.desk.clock().now().timestamp() - message.timestamp.unix_timestamp();
        let is_late = fetched && age > LATE.as_secs() as i64;
        let is_ours = message.author.id == self.me;
        let is_said = matches!(message.kind, MessageType::Regular | MessageType::InlineReply);
        let is_said = is_said && !message.author.bot && message.webhook_id.is_none();
        if is_ours {
            self.shows(message).await?;
            return Ok(true);
        }
        if !is_said {
            return Ok(false);
        }
        let channel = message.channel_id.to_string();
        let is_thread = broken(self.room.desk.place_of_thread(PLATFORM, &channel).await)?.is_some();
        if !is_thread && message.channel_id != self.support {
            return Ok(false);
        }
        let caller = Caller {
            account: message.author.id.to_string(),
            name: shown_name(&message.author).to_owned(),
            roles: message
                .member
                .as_ref()
                .map(|member| member.roles.iter().map(ToString::to_string).collect())
                .unwrap_or_default(),
            email: None,
        };
        let answer = match command_line(&message.content, self.me) {
            // Whoever waited for it has helped themselves meanwhile: done now, it might be done twice.
            Some(_) if is_late => Answer::Private(wording::chat::too_late_to_act()),
            Some(line) => {
                let key = format!("discord:message:{}", message.id);
                let files: Vec<Beside> = message.attachments.iter().map(beside).collect();
                self.room.line(&caller, &line, &key, &files, &self.files).await
            }
            None if is_thread => {
                self.room.heard(&caller, &channel, &said(message), &message.id.to_string()).await
            }
            None => Answer::Silence,
        };
        // A line never asks for a form: that opens by a button only.
        if let Answer::Private(sheet) | Answer::Instead(sheet) = answer {
            self.reply(http, message, &sheet).await;
        }
        Ok(true)
    }

    /// A message of ours stands: should the answer to its post be lost, it is known by its nonce, for longer than Discord
    /// remembers that.
    async fn shows(&self, message: &Message) -> anyhow::Result<()> {
        let Some(Nonce::String(nonce)) = &message.nonce else { return Ok(()) };
        let post = nonce.strip_prefix("guichet-").and_then(|number| number.parse().ok());
        let Some(post) = post.map(PostId) else { return Ok(()) };
        let drawn = if message.attachments.is_empty() { BARE } else { "" };
        let (channel, id) = (message.channel_id.to_string(), message.id.to_string());
        broken(self.room.desk.post_stands(PLATFORM, post, &channel, &id, drawn).await)
    }

    async fn see(&self, channel: u64, upto: u64) -> anyhow::Result<()> {
        broken(self.room.desk.see(PLATFORM, &channel.to_string(), &upto.to_string()).await)
    }

    /// Answers a typed line where it was typed.
    async fn reply(&self, http: &Arc<Http>, message: &Message, sheet: &Sheet) {
        let answer = draw(sheet, self.leads).message(Vec::new()).reference_message(message);
        // By its nonce Discord knows one that it has already.
        let answer = answer.nonce(Nonce::String(format!("re-{}", message.id))).enforce_nonce(true);
        let said = insist(&LATE_PAUSES, || {
            let answer = answer.clone();
            Box::pin(async move { message.channel_id.send_message(http, answer).await })
        });
        match said.await {
            Ok(answer) => self.end_typed_undo(http, answer, sheet),
            Err(error) => tracing::warn!(error = %error, "an answer did not reach Discord"),
        }
    }

    /// Takes the button « Annuler » away when its time is over, while the next message is taken in. After a restart it
    /// stays, and says that it is too late.
    fn end_typed_undo(&self, http: &Arc<Http>, mut answer: Message, sheet: &Sheet) {
        let Some(act) = sheet.undoes() else { return };
        let (listener, http, sheet) = (self.clone(), Arc::clone(http), sheet.without_undo());
        tokio::spawn(async move {
            tokio::time::sleep(listener.undo_window).await;
            let is_undone = listener.room.desk.is_undone(act).await.unwrap_or(true);
            let sheet = if is_undone { wording::chat::taken_back(&sheet) } else { sheet };
            let edit = draw(&sheet, listener.leads).edit_answer();
            if let Err(error) = answer.edit(&http, edit).await {
                tracing::debug!(error = %error, "an answer was not changed");
            }
        });
    }

    /// Whenever something may have been missed, takes it in, again and again until it is done.
    pub(super) async fn catch_up_for_ever(&self, http: &Arc<Http>) {
        loop {
            self.missed.notified().await;
            let mut pause = PAUSES.0;
            loop {
                let generation = self.marks().generation();
                match self.catch_up(http).await {
                    Ok(()) => {
                        let noted = self.marks().caught_up(generation);
                        let mut failed = false;
                        for (channel, upto) in noted {
                            failed |= self.see(channel, upto).await.is_err();
                        }
                        if !failed {
                            break;
                        }
                    }
                    Err(error) => {
                        if pause == PAUSES.0 {
                            tracing::warn!(
                                error = format!("{error:#}"),
                                "what was written on Discord meanwhile cannot be read; trying again"
                            );
                        }
                    }
                }
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(PAUSES.1);
            }
        }
    }

    /// Takes in what was written while we were away, in every thread of ours and in #support-team.
    async fn catch_up(&self, http: &Arc<Http>) -> anyhow::Result<()> {
        let mut failed = Ok(());
        let mut threads = self.guild.get_active_threads(http).await?.threads;
        for channel in self.poster.channels.all() {
            // Where somebody wrote, and somebody else put the thread away. A channel that is closed to us has none.
            if let Ok(archived) = channel.get_archived_public_threads(http, None, Some(100)).await {
                threads.extend(archived.threads);
            }
        }
        for thread in threads {
            let id = thread.id.to_string();
            if broken(self.room.desk.place_of_thread(PLATFORM, &id).await)?.is_none() {
                continue;
            }
            // Where nothing was ever read, a thread of ours begins with itself.
            let seen = self.seen(thread.id).await?.unwrap_or(thread.id.get());
            if let Err(error) = self.read_on(http, thread.id, seen, thread.last_message_id).await {
                failed = Err(error);
            }
        }
        if let Ok(Channel::Guild(support)) = self.support.to_channel(http).await
            && support.kind != ChannelType::Forum
        {
            match self.seen(support.id).await? {
                Some(seen) => self.read_on(http, support.id, seen, support.last_message_id).await?,
                // Nobody spoke to us there before we first came.
                None => {
                    let last = support.last_message_id.map_or(support.id.get(), MessageId::get);
                    self.see(support.id.get(), last).await?;
                }
            }
        }
        failed
    }

    async fn seen(&self, channel: ChannelId) -> anyhow::Result<Option<u64>> {
        let seen = broken(self.room.desk.seen(PLATFORM, &channel.to_string()).await)?;
        Ok(seen.and_then(|seen| seen.parse::<u64>().ok()))
    }

    /// Takes in what stands in a channel after this message.
    async fn read_on(
        &self,
        http: &Arc<Http>,
        channel: ChannelId,
        mut after: u64,
        last: Option<MessageId>,
    ) -> anyhow::Result<()> {
        while last.is_some_and(|last| last.get() > after) {
            let query = GetMessages::new().after(MessageId::new(after)).limit(CATCH_UP);
            let mut missed = channel.messages(http, query).await?;
            if missed.is_empty() {
                break;
            }
            missed.sort_by_key(|message| message.id);
            for mut message in missed {
                // Fetched messages do not say which roles their writers have.
                if message.member.is_none() && !message.author.bot {
                    match self.guild.member(http, message.author.id).await {
                        Ok(member) => message.member = Some(Box::new(member.into())),
                        Err(error) if super::fault::code(&error) == Some(UNKNOWN_MEMBER) => {}
                        Err(error) => return Err(error.into()),
                    }
                }
                self.take(http, &message, true).await?;
                after = message.id.get();
                self.see(channel.get(), after).await?;
            }
        }
        Ok(())
    }
}

/// How old a command may be that was typed while we were away.
const LATE: Duration = Duration::from_secs(120);

/// Discord's code for somebody who left the server.
const UNKNOWN_MEMBER: isize = 10_007;

fn broken<T>(outcome: crate::desk::Result<T>) -> anyhow::Result<T> {
    outcome.map_err(|failure| anyhow::anyhow!("{failure}"))
}

/// What somebody wrote, with the names and links of the files beside it: these are Discord's, and are not kept by us.
pub(super) fn said(message: &Message) -> String {
    let mut said = message.content.trim().to_owned();
    for file in &message.attachments {
        if !said.is_empty() {
            said.push('\n');
        }
        said.push_str(&format!("[{}] {}", file.filename, file.url));
    }
    said
}

/// A file of Discord.
pub(super) fn beside(file: &Attachment) -> Beside {
    Beside {
        name: file.filename.clone(),
        media_type: file.content_type.clone().unwrap_or_default(),
        bytes: file.size.into(),
        url: file.url.clone(),
    }
}

/// Discord's own copies of the files of its people, which whoever knows the address may read.
#[derive(Debug, Clone)]
pub struct Files(pub(super) reqwest::Client);

impl Shelf for Files {
    async fn fetch(&self, file: &Beside, most: u64) -> anyhow::Result<Vec<u8>> {
        download(self.0.get(&file.url), file, most).await
    }
}

/// The command that a message is: it begins with `/ticket`, or with our name.
fn command_line(content: &str, me: UserId) -> Option<String> {
    let content = content.trim();
    let typed = content.strip_prefix("/ticket");
    if typed.is_some_and(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace)) {
        return Some(content.to_owned());
    }
    let called = [format!("<@{me}>"), format!("<@!{me}>")];
    let rest = called.iter().find_map(|called| content.strip_prefix(called.as_str()))?;
    Some(rest.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_begins_a_message_or_follows_our_name() {
        let me = UserId::new(9);
        let line = |content| command_line(content, me);
        assert_eq!(line("/ticket status 42 résolu"), Some("/ticket status 42 résolu".into()));
        assert_eq!(line(" <@9> status 42 résolu"), Some("status 42 résolu".into()));
        assert_eq!(line("<@!9>take 42"), Some("take 42".into()));
        assert_eq!(line("voir /ticket status"), None);
        assert_eq!(line("<@8> status 42"), None);
    }
}
