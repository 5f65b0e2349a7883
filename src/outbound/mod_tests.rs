//! What answers ask for.

use super::*;

#[test]
fn a_wait_is_asked_for_in_seconds_or_by_a_date() {
    let now = "2026-11-30T09:00:00Z".parse::<DateTime<Utc>>().unwrap();
    let of = |value: &str| {
        let headers = HeaderMap::from_iter([(RETRY_AFTER, value.parse().unwrap())]);
        retry_after(&headers, now)
    };
    assert_eq!(of("120"), Some(Duration::from_secs(120)));
    assert_eq!(of("Mon, 30 Nov 2026 09:05:00 GMT"), Some(Duration::from_secs(300)));
    assert_eq!(of("Mon, 30 Nov 2026 08:00:00 GMT"), None);
    assert_eq!(of("soon"), None);
    assert_eq!(retry_after(&HeaderMap::new(), now), None);
}
