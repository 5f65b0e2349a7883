//! The pages by which people come in, their own account, and the team's.

use super::super::pages::*;
use super::assert_page;
use super::samples::*;
use crate::desk::agents::LinkedAgent;
use crate::desk::sign_in::{OpenSession, Totp};
use crate::domain::chat::Platform;
use crate::domain::ids::AgentId;
use crate::domain::people::{Access, Agent, Road, Role};
use minijinja::context;
use minijinja::value::Serde;

/// The frame of a page that nobody is signed in to.
fn outside(place: &'static str) -> Frame {
    Frame { agent: None, demo: false, revision: None, ..frame(place) }
}

/// Of one of the team's.
fn inside(place: &'static str) -> Frame {
    Frame { lead: true, demo: false, revision: None, ..frame(place) }
}

#[test]
fn signing_in_and_its_refusals() {
    let outside = outside("sign_in");
    let pages = Pages::default();
    let both = [Platform::Discord, Platform::Slack];
    let draw = |platforms: &[Platform], problem: Option<&SignInProblem>| {
        pages.sign_in(&outside, "camille", "/admin/support?q=a", platforms, problem).unwrap()
    };
    let plain = draw(&[], None);
    assert!(!plain.contains("role=\"alert\"") && !plain.contains("/admin/sign-in/"), "{plain}");
    assert!(draw(&[], Some(&SignInProblem::Wait(1))).contains("Réessayez dans une minute."));
    assert!(draw(&[], Some(&SignInProblem::Wait(5))).contains("Réessayez dans 5&nbsp;minutes."));
    let mut said = std::collections::HashSet::new();
    for problem in [
        SignInProblem::Wrong,
        SignInProblem::Wait(5),
        SignInProblem::Disabled,
        SignInProblem::Stranger,
        SignInProblem::Declined(Platform::Discord),
        SignInProblem::NotConfirmed(Platform::Slack),
        SignInProblem::NotLinked(Platform::Discord, "7".into()),
        SignInProblem::Late,
    ] {
        assert!(said.insert(draw(&both, Some(&problem))), "{problem:?} has words of its own");
    }
    let hostile = SignInProblem::NotLinked(Platform::Slack, "<script>".into());
    assert!(!draw(&both, Some(&hostile)).contains("<script>"));
    assert_page("sign_in", draw(&[], Some(&SignInProblem::Wrong)));
    let unlinked = SignInProblem::NotLinked(Platform::Discord, "1100000000000000007".into());
    assert_page("sign_in_not_linked", draw(&both, Some(&unlinked)));
    assert!(!pages.sign_in_code(&outside, None).unwrap().contains("role=\"alert\""));
    assert!(
        pages.sign_in_code(&outside, Some(CodeProblem::Wait(5))).unwrap().contains("dans 5\u{a0}minutes")
    );
    assert_page("sign_in_code", pages.sign_in_code(&outside, Some(CodeProblem::Wrong)).unwrap());
}

#[test]
fn a_link_by_which_a_password_is_chosen_and_one_that_is_over() {
    let (pages, outside) = (Pages::default(), outside("first"));
    let draw = |agent: Option<&str>, problem: Option<&str>| {
        let content =
            context! { code => "c0de", agent, name => "Zo\u{e9}", problem, brand => "BetTracker Pro" };
        pages.team(&outside, "first.html", content).unwrap()
    };
    assert_page("first", draw(None, Some("Les deux mots de passe ne sont pas les mêmes.")));
    assert_page("invitation", draw(Some("<b>Sam"), None));
    assert_page("first_dead", pages.team(&outside, "first_dead.html", context! {}).unwrap());
}

#[test]
fn ones_own_account() {
    let pages = Pages::default();
    let session = |road, minutes, token_hash: &str| OpenSession {
        token_hash: token_hash.into(),
        road,
        created_at: ago(minutes),
        expires_at: ago(minutes - 12 * 60),
    };
    let page = AccountPage {
        role: Role::Lead,
        has_password: true,
        totp: Totp::On { since: ago(60 * 24), recovery_codes: 9 },
        sessions: vec![session(Road::Discord, 5, "a"), session(Road::Password, 200, "b")],
        own: "a".into(),
    };
    assert_page("account", pages.account(&inside("account"), &page, here()).unwrap());
    let bare = AccountPage { has_password: false, totp: Totp::Off, ..page };
    let html = pages.account(&inside("account"), &bare, here()).unwrap();
    assert!(!html.contains("type=\"password\"") && html.contains("Activer…"), "{html}");
}

#[test]
fn an_authenticator_to_confirm_and_what_replaces_it() {
    let (pages, inside) = (Pages::default(), inside("account"));
    let content = context! {
        frame => Serde(&inside), secret => "GEZD GNBV", uri => "otpauth://totp/A:B?secret=GEZDGNBV&issuer=A",
    };
    assert_page("totp", pages.team(&inside, "totp.html", content).unwrap());
    let content = context! { codes => ["AAAA-BBBB-CCCC-DDDD", "EEEE-FFFF-GGGG-HHHH"] };
    assert_page("recovery_codes", pages.team(&inside, "recovery_codes.html", content).unwrap());
}

fn team() -> [LinkedAgent; 2] {
    let agent = |id, name: &str, role| Agent { id: AgentId(id), name: name.into(), role };
    [
        LinkedAgent {
            agent: agent(1, "Camille", Role::Admin),
            identities: vec![
                ("discord".into(), "1100000000000000007".into()),
                ("email".into(), "camille@firm.example".into()),
            ],
            has_password: true,
            access: Access {
                disabled_at: None,
                last_sign_in_at: Some(ago(12)),
                totp_since: Some(ago(60 * 24)),
                sessions: 2,
            },
        },
        LinkedAgent {
            agent: agent(2, "<b>Sam", Role::Agent),
            identities: Vec::new(),
            has_password: false,
            access: Access { disabled_at: Some(ago(60)), ..Access::default() },
        },
    ]
}

#[test]
fn the_team_as_a_lead_and_as_an_admin_see_it() {
    let (pages, team) = (Pages::default(), team());
    let lead = pages.agents(&inside("agents"), &team, false, "", None, here()).unwrap();
    assert_eq!(lead.matches("<form").count(), 2, "to sign out, and to close the help");
    let link = Some(("<b>Sam", "https://support.example/admin/first?code=c0de"));
    let admin = pages.agents(&inside("agents"), &team, true, "Max", link, here()).unwrap();
    assert!(!admin.contains("<b>Sam"), "a name is text");
    assert_page("agents", admin);
}

#[test]
fn one_of_the_team() {
    let pages = Pages::default();
    let frame = |agent: &LinkedAgent| {
        let subject = PageSubject { id: agent.agent.id.0, title: agent.agent.name.clone() };
        Frame { subject: Some(subject), ..inside("agent") }
    };
    let [camille, sam] = team();
    assert_page("agent", pages.agent(&frame(&camille), &camille, true, None, here()).unwrap());
    let disabled = pages.agent(&frame(&sam), &sam, true, None, here()).unwrap();
    assert!(disabled.contains("/enable\"") && !disabled.contains("/invite\""), "{disabled}");
    let seen = pages.agent(&frame(&camille), &camille, false, None, here()).unwrap();
    assert_eq!(seen.matches("<form").count(), 2, "to sign out, and to close the help");
    let link = Some("https://support.example/admin/first?code=c0de");
    let invited = pages.agent(&frame(&camille), &camille, true, link, here()).unwrap();
    assert!(invited.contains("first?code=c0de"), "{invited}");
}
