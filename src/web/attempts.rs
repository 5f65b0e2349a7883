//! How often somebody may try a password or a code. In memory: a restart forgives, and that is harmless. May import:
//! domain.

use crate::domain::fold::fold;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Tries before a wait.
const TRIES: u32 = 5;

/// How long after the last of them.
const WAIT: TimeDelta = TimeDelta::minutes(5);

/// Names remembered at once; a stranger who invents more pushes the oldest out.
const NAMES: usize = 10_000;

/// Too many tries: wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait {
    /// How long, in whole minutes, at least one.
    pub minutes: u64,
}

/// The tries of each name.
#[derive(Debug, Default)]
pub struct Attempts {
    names: Mutex<HashMap<String, (u32, DateTime<Utc>)>>,
}

impl Attempts {
    /// Counts a try for `name`, before the password is looked at: tries made side by side count too.
    ///
    /// # Errors
    /// How long to wait, when the tries are used up.
    pub fn take(&self, name: &str, now: DateTime<Utc>) -> Result<(), Wait> {
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        if names.len() >= NAMES {
            names.retain(|_, (_, last)| *last + WAIT > now);
        }
        if names.len() >= NAMES
            && let Some(oldest) =
                names.iter().min_by_key(|(_, (_, last))| *last).map(|(name, _)| name.clone())
        {
            names.remove(&oldest);
        }
        let (count, last) = names.entry(key(name)).or_insert((0, now));
        if *last + WAIT <= now {
            *count = 0;
        }
        if *count >= TRIES {
            let left = (*last + WAIT - now).num_seconds().max(1) as u64;
            return Err(Wait { minutes: left.div_ceil(60) });
        }
        *count += 1;
        *last = now;
        Ok(())
    }

    /// Forgets the tries of somebody who got in.
    pub fn clear(&self, name: &str) {
        self.names.lock().unwrap_or_else(PoisonError::into_inner).remove(&key(name));
    }
}

/// Agents' names are unique whatever the case and the accents, and so are their tries. Cut, since it is kept.
fn key(name: &str) -> String {
    fold(name.trim()).chars().take(100).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_tries_then_a_wait_whatever_the_spelling() {
        let attempts = Attempts::default();
        let start = DateTime::<Utc>::UNIX_EPOCH;
        for name in ["Éloïse", "eloise", "ELOISE", " Eloïse ", "éloise"] {
            assert_eq!(attempts.take(name, start), Ok(()));
        }
        assert_eq!(attempts.take("Éloïse", start), Err(Wait { minutes: 5 }));
        assert_eq!(attempts.take("Camille", start), Ok(()), "another name is not held up");
        let later = start + TimeDelta::seconds(4 * 60 + 30);
        assert_eq!(attempts.take("Éloïse", later), Err(Wait { minutes: 1 }));
        assert_eq!(attempts.take("Éloïse", start + WAIT), Ok(()));
    }

    #[test]
    fn getting_in_forgives() {
        let attempts = Attempts::default();
        let now = DateTime::<Utc>::UNIX_EPOCH;
        for _ in 0..TRIES {
            attempts.take("camille", now).unwrap();
        }
        attempts.clear("Camille");
        assert_eq!(attempts.take("camille", now), Ok(()));
    }

    #[test]
    fn invented_names_do_not_fill_the_memory() {
        let attempts = Attempts::default();
        let now = DateTime::<Utc>::UNIX_EPOCH;
        for number in 0..NAMES + 50 {
            attempts.take(&format!("name{number}"), now + TimeDelta::milliseconds(number as i64)).unwrap();
        }
        assert!(attempts.names.lock().unwrap().len() <= NAMES);
    }
}
