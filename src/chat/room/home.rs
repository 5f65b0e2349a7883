//! A page of one's own in chat: what there is to do, one's tickets, the queue; and a ticket at a glance.

use super::{Caller, Room, failed};
use crate::desk::Failure;
use crate::desk::board::QueueFilter;
use crate::domain::ids::{AgentId, TicketId};
use crate::domain::ticket::Status;
use crate::view::TicketView;
use crate::view::sheet::Sheet;
use crate::wording;
use chrono::TimeDelta;

/// How many tickets a list of the page shows.
const SHOWN: i64 = 8;
/// How many are looked through for those that have stood long.
const LOOKED_THROUGH: i64 = 200;
/// From when on the guide's daily checklist names a ticket that waits, and one in progress.
const WAITING_FOR: TimeDelta = TimeDelta::days(3);
const IN_PROGRESS_FOR: TimeDelta = TimeDelta::hours(24);

impl Room {
    /// The page of whoever reads it; who may not act reads why.
    pub async fn home(&self, caller: &Caller) -> Vec<Sheet> {
        self.try_home(caller).await.unwrap_or_else(|failure| vec![failed(failure)])
    }

    async fn try_home(&self, caller: &Caller) -> Result<Vec<Sheet>, Failure> {
        let agent = match self.agent(caller).await? {
            Ok(agent) => agent,
            Err(said) => return Ok(vec![said]),
        };
        let now = self.desk.clock().now();
        let open = [Status::New, Status::InProgress, Status::WaitingCustomer];
        let [new, mut in_progress, mut waiting] = self.lists(open, None, LOOKED_THROUGH).await?;
        let mut mine: Vec<TicketView> = Vec::new();
        for list in self.lists(open, Some(agent.id), SHOWN).await? {
            mine.extend(list);
        }
        // Each list has its latest first.
        let lists = [&new, &in_progress, &waiting].into_iter();
        let queue = lists.flat_map(|list| list.iter().take(SHOWN as usize).cloned()).collect();
        waiting.retain(|ticket| now - ticket.updated_at > WAITING_FOR);
        in_progress.retain(|ticket| now - ticket.updated_at > IN_PROGRESS_FOR);
        let to_do = wording::chat::ToDo { new: &new, waiting: &waiting, in_progress: &in_progress };
        let figures = self.desk.figures().await?;
        Ok(wording::chat::home(&figures, &to_do, &latest(mine), &latest(queue), now))
    }

    async fn lists(
        &self,
        statuses: [Status; 3],
        assignee: Option<AgentId>,
        limit: i64,
    ) -> Result<[Vec<TicketView>; 3], Failure> {
        let mut lists = [const { Vec::new() }; 3];
        for (list, status) in lists.iter_mut().zip(statuses) {
            let filter =
                QueueFilter { status: Some(status), assignee, limit: Some(limit), ..QueueFilter::default() };
            *list = self.desk.queue(&filter).await?.tickets;
        }
        Ok(lists)
    }

    /// The card of a ticket, without what can be pressed on it; `None` where there is no such ticket.
    ///
    /// # Errors
    /// The database's.
    pub async fn glance(&self, ticket: i64) -> Result<Option<Sheet>, Failure> {
        let ticket = self.desk.ticket(TicketId(ticket)).await?;
        Ok(ticket.map(|ticket| Sheet {
            rows: Vec::new(),
            link: None,
            ..wording::chat::card(&ticket, &[], None, self.desk.due(&ticket), "")
        }))
    }
}

fn latest(mut queue: Vec<TicketView>) -> Vec<TicketView> {
    queue.sort_by_key(|ticket| std::cmp::Reverse(ticket.updated_at));
    queue.truncate(SHOWN as usize);
    queue
}
