//! Who people on Slack are: their names, the groups they are in, the address of their profile; asked once in a while. May
//! import: nothing.

use super::api::{Api, ApiError};
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long the members of a group are taken to be the same; Slack tells of changes too.
const GROUPS_FOR: Duration = Duration::from_secs(60);
/// How long they are still believed where Slack does not answer.
const GROUPS_AT_MOST: Duration = Duration::from_secs(600);
/// How many names are kept.
const NAMES: usize = 2000;

/// The people of one workspace.
#[derive(Debug)]
pub struct People {
    api: Arc<Api>,
    /// The workspace.
    team: String,
    /// The user groups that matter.
    groups: Vec<String>,
    members: Mutex<HashMap<String, (Instant, HashSet<String>)>>,
    names: Mutex<HashMap<String, String>>,
}

impl People {
    /// Nobody is known yet.
    pub fn new(api: Arc<Api>, groups: Vec<String>, team: &str) -> People {
        People { api, team: team.to_owned(), groups, members: Mutex::default(), names: Mutex::default() }
    }

    /// In which of our groups somebody is. What cannot be known is not believed.
    pub async fn groups_of(&self, account: &str) -> Vec<String> {
        let mut found = Vec::new();
        for group in &self.groups {
            match self.is_in(group, account).await {
                Ok(true) => found.push(group.clone()),
                Ok(false) => {}
                Err(error) => {
                    tracing::warn!(group, error = %error, "who is in a user group cannot be known: nobody is taken to be");
                }
            }
        }
        found
    }

    async fn is_in(&self, group: &str, account: &str) -> Result<bool, ApiError> {
        let known = |within: Duration| {
            let members = self.members.lock().unwrap_or_else(PoisonError::into_inner);
            let (at, members) = members.get(group)?;
            (at.elapsed() < within).then(|| members.contains(account))
        };
        if let Some(is_in) = known(GROUPS_FOR) {
            return Ok(is_in);
        }
        match self.api.call("usergroups.users.list", &json!({ "usergroup": group })).await {
            Ok(answer) => {
                let ids = answer["users"].as_array().into_iter().flatten();
                let ids: HashSet<String> = ids.filter_map(Value::as_str).map(str::to_owned).collect();
                let is_in = ids.contains(account);
                let mut members = self.members.lock().unwrap_or_else(PoisonError::into_inner);
                members.insert(group.to_owned(), (Instant::now(), ids));
                Ok(is_in)
            }
            // That Slack is away takes nobody's role from them at once.
            Err(error @ (ApiError::Wait(_) | ApiError::Away(_))) => known(GROUPS_AT_MOST).ok_or(error),
            Err(error) => Err(error),
        }
    }

    /// The members of a group changed.
    pub fn forget_groups(&self) {
        self.members.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// How somebody is called; their id where Slack does not say.
    pub async fn name(&self, account: &str) -> String {
        let known = self.known_name(account);
        if let Some(name) = known {
            return name;
        }
        let Ok(answer) = self.api.call("users.info", &json!({ "user": account })).await else {
            return account.to_owned();
        };
        let user = &answer["user"];
        let names = [
            &user["profile"]["display_name"],
            &user["profile"]["real_name"],
            &user["real_name"],
            &user["name"],
        ];
        let name = names.into_iter().filter_map(Value::as_str).find(|name| !name.trim().is_empty());
        let name = name.unwrap_or(account).to_owned();
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        if names.len() >= NAMES {
            names.clear();
        }
        names.insert(account.to_owned(), name.clone());
        name
    }

    /// A name that was asked for before.
    pub fn known_name(&self, account: &str) -> Option<String> {
        self.names.lock().unwrap_or_else(PoisonError::into_inner).get(account).cloned()
    }

    /// Somebody's profile changed.
    pub fn forget_name(&self, account: &str) {
        self.names.lock().unwrap_or_else(PoisonError::into_inner).remove(account);
    }

    /// The address of somebody's profile, which Slack has confirmed with them. `None` for guests, bots and people of another
    /// workspace, whose addresses others vouch for, and where Slack does not say.
    pub async fn email(&self, account: &str) -> Option<String> {
        let answer = self.api.call("users.info", &json!({ "user": account })).await.ok()?;
        let user = &answer["user"];
        let is_outside = ["is_restricted", "is_ultra_restricted", "is_stranger", "is_bot", "deleted"]
            .iter()
            .any(|mark| user[*mark] == true);
        let is_ours = !self.team.is_empty() && user["team_id"] == self.team.as_str();
        let is_sure = is_ours && !is_outside && user["is_email_confirmed"] != false;
        let email = user["profile"]["email"].as_str().filter(|_| is_sure)?;
        Some(email.to_lowercase())
    }
}
