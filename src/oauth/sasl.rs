//! A token as mail servers take it: XOAUTH2 (Google's and Microsoft's own), OAUTHBEARER (RFC 7628). Pure.

use secrecy::{ExposeSecret, SecretString};

/// The initial response of XOAUTH2, before base64. The token has visible characters only, and an account with a
/// control character in it is none of the configuration's.
pub fn xoauth2(account: &str, token: &SecretString) -> String {
    format!("user={account}\u{1}auth=Bearer {}\u{1}\u{1}", token.expose_secret())
}

/// The same of OAUTHBEARER (RFC 7628 section 3.1); in the account `,` and `=` are escaped (RFC 5801 section 4).
pub fn oauthbearer(account: &str, host: &str, port: u16, token: &SecretString) -> String {
    let account = account.replace('=', "=3D").replace(',', "=2C");
    format!(
        "n,a={account},\u{1}host={host}\u{1}port={port}\u{1}auth=Bearer {}\u{1}\u{1}",
        token.expose_secret()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_are_written_as_their_documents_show_them() {
        let token = SecretString::from("ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg");
        // The example of Google's page on XOAUTH2.
        assert_eq!(
            xoauth2("someuser@example.com", &token),
            "user=someuser@example.com\u{1}auth=Bearer ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg\u{1}\u{1}"
        );
        // RFC 7628 section 4.1.
        assert_eq!(
            oauthbearer("user@example.com", "server.example.com", 143, &token),
            "n,a=user@example.com,\u{1}host=server.example.com\u{1}port=143\u{1}auth=Bearer \
             ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg\u{1}\u{1}"
        );
        assert!(oauthbearer("a=b,c", "h", 1, &token).starts_with("n,a=a=3Db=2Cc,\u{1}"));
    }
}
