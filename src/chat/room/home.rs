//! A page of one's own in chat: what there is to do, one's tickets, the queue; and a ticket at a glance.

use super::{Caller, Room, failed};
use crate::desk::Failure;
use crate::desk::board::QueueFilter;
use crate::domain::ids::{AgentId, TicketId};
use crate::domain::list::Holder;
use crate::domain::ticket::Status;
use crate::view::TicketView;
use crate::view::sheet::Sheet;
use crate::wording;

/// How many tickets a list of the page shows.
const SHOWN: i64 = 8;

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
        let mut queue: Vec<TicketView> = Vec::new();
        for list in self.lists(open, None, SHOWN).await? {
            queue.extend(list);
        }
        let mut mine: Vec<TicketView> = Vec::new();
        for list in self.lists(open, Some(agent.id), SHOWN).await? {
            mine.extend(list);
        }
        let to_do = self.desk.checklist().await?;
        Ok(wording::chat::home(&to_do, &latest(mine), &latest(queue), now))
    }

    async fn lists(
        &self,
        statuses: [Status; 3],
        assignee: Option<AgentId>,
        limit: i64,
    ) -> Result<[Vec<TicketView>; 3], Failure> {
        let mut lists = [const { Vec::new() }; 3];
        for (list, status) in lists.iter_mut().zip(statuses) {
            let holder = assignee.map(Holder::Agent);
            let filter =
                QueueFilter { status: Some(status), holder, limit: Some(limit), ..QueueFilter::default() };
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
            ..wording::chat::card(&ticket, &[], None, self.desk.zone(), "")
        }))
    }
}

fn latest(mut queue: Vec<TicketView>) -> Vec<TicketView> {
    queue.sort_by_key(|ticket| std::cmp::Reverse(ticket.updated_at));
    queue.truncate(SHOWN as usize);
    queue
}
