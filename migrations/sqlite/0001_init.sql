-- The desk's memory. Times are RFC 3339 UTC text in whole milliseconds; a yes/no is a nullable time.
-- AUTOINCREMENT: a number that was said aloud is never given to something else.

CREATE TABLE setting (
  key   TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- disabled_at: since when they can neither sign in nor act. totp_secret: that of their authenticator, in base32; it counts from
-- totp_since on. totp_step: the latest step whose code was taken (RFC 6238).
CREATE TABLE agent (
  id              INTEGER PRIMARY KEY AUTOINCREMENT,
  name            TEXT NOT NULL,
  folded_name     TEXT NOT NULL UNIQUE,
  role            TEXT NOT NULL CHECK (role IN ('agent', 'lead', 'admin')),
  password_hash   TEXT,
  created_at      TEXT NOT NULL,
  disabled_at     TEXT,
  last_sign_in_at TEXT,
  totp_secret     TEXT,
  totp_since      TEXT,
  totp_step       INTEGER
) STRICT;

CREATE TABLE identity (
  kind        TEXT NOT NULL,
  external_id TEXT NOT NULL,
  agent_id    INTEGER NOT NULL REFERENCES agent (id),
  PRIMARY KEY (kind, external_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE session (
  token_hash TEXT PRIMARY KEY,
  agent_id   INTEGER NOT NULL REFERENCES agent (id),
  road       TEXT NOT NULL CHECK (road IN ('password', 'discord', 'slack', 'link', 'demo')),
  created_at TEXT NOT NULL,
  expires_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Sign-ins under way, by the hash of the cookie that binds each to its browser. Without agent_id it is away at Discord or Slack;
-- with one it waits for the code of an authenticator. next: where it leads.
CREATE TABLE sign_in (
  token_hash TEXT PRIMARY KEY,
  road       TEXT NOT NULL CHECK (road IN ('password', 'discord', 'slack', 'link', 'demo')),
  agent_id   INTEGER REFERENCES agent (id),
  next       TEXT NOT NULL,
  expires_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sign_in_over ON sign_in (expires_at);

-- Links that let somebody choose a password once. Without agent_id it makes the first admin, as long as there is no agent.
CREATE TABLE invitation (
  code_hash  TEXT PRIMARY KEY,
  agent_id   INTEGER REFERENCES agent (id),
  created_at TEXT NOT NULL,
  expires_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- What takes the place of an authenticator that was lost, each once.
CREATE TABLE recovery_code (
  agent_id  INTEGER NOT NULL REFERENCES agent (id),
  code_hash TEXT NOT NULL,
  PRIMARY KEY (agent_id, code_hash)
) STRICT, WITHOUT ROWID;

-- The bearers of the JSON interface. scopes: words with a space between.
CREATE TABLE api_token (
  token_hash TEXT PRIMARY KEY,
  agent_id   INTEGER NOT NULL REFERENCES agent (id),
  scopes     TEXT NOT NULL,
  created_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- links_since: links of mails before it open nothing any more. managed_at: since when the host application or the operator
-- keeps this record; it does not go with its last ticket.
CREATE TABLE requester (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  email      TEXT NOT NULL UNIQUE,
  name       TEXT NOT NULL,
  preference TEXT NOT NULL CHECK (preference IN ('web_only', 'email_only', 'both', 'none')),
  created_at TEXT NOT NULL,
  blocked_at TEXT,
  links_since TEXT,
  managed_at TEXT
) STRICT;

-- merged_into: the ticket that goes on in its place and has its messages. follows: the closed ticket it goes on from.
-- escalated_at: since when the technical team has it. status_since: since when it stands where it does. answer_due: by when
-- its requester is owed an answer.
-- anonymised_at: since when nothing but numbers, times and statuses is left of it; the next act ends that.
CREATE TABLE ticket (
  id           INTEGER PRIMARY KEY AUTOINCREMENT,
  subject      TEXT NOT NULL,
  status       TEXT NOT NULL CHECK (status IN ('new', 'in_progress', 'waiting_customer', 'resolved', 'closed')),
  priority     TEXT NOT NULL CHECK (priority IN ('low', 'normal', 'high', 'urgent')),
  assignee_id  INTEGER REFERENCES agent (id),
  requester_id INTEGER NOT NULL REFERENCES requester (id),
  reason       TEXT,
  merged_into  INTEGER REFERENCES ticket (id),
  follows      INTEGER REFERENCES ticket (id),
  escalated_at TEXT,
  status_since TEXT NOT NULL,
  answer_due   TEXT,
  anonymised_at TEXT,
  version      INTEGER NOT NULL,
  created_at   TEXT NOT NULL,
  updated_at   TEXT NOT NULL
) STRICT;
CREATE INDEX ticket_newest ON ticket (updated_at, id);
CREATE INDEX ticket_by_status ON ticket (status, updated_at, id);
CREATE INDEX ticket_by_requester ON ticket (requester_id);
-- Each list of tickets is read along one of these (store/lists.rs, which repeats the words).
CREATE INDEX ticket_by_priority ON ticket (priority, updated_at, id);
CREATE INDEX ticket_by_holder ON ticket (COALESCE(assignee_id, 0), updated_at, id);
CREATE INDEX ticket_opened ON ticket (created_at, id);
CREATE INDEX ticket_due ON ticket (
  (CASE WHEN status IN ('new', 'in_progress') THEN COALESCE(answer_due, '9999-12-31T00:00:00+00:00')
   ELSE '9999-12-31T00:00:00+00:00' END), id);
CREATE INDEX ticket_pressing ON ticket (
  (CASE WHEN status = 'closed' THEN 0 WHEN priority = 'urgent' THEN 4 WHEN priority = 'high' THEN 3
   WHEN priority = 'normal' THEN 2 ELSE 1 END), updated_at, id);
-- The five figures.
CREATE INDEX ticket_figures ON ticket (status, reason);
CREATE INDEX ticket_spam ON ticket (id) WHERE reason = 'spam';
-- Closed tickets whose words are still kept, the longest closed first.
CREATE INDEX ticket_kept ON ticket (status_since, id) WHERE status = 'closed' AND merged_into IS NULL AND anonymised_at IS NULL;
-- What is proposed while a CM types.
CREATE INDEX ticket_open ON ticket (updated_at, id) WHERE status <> 'closed';
CREATE INDEX ticket_own ON ticket (assignee_id, updated_at, id) WHERE status <> 'closed' AND assignee_id IS NOT NULL;
CREATE INDEX ticket_merged ON ticket (merged_into) WHERE merged_into IS NOT NULL;
CREATE INDEX ticket_following ON ticket (follows) WHERE follows IS NOT NULL;

-- The tags of tickets, as normal_tag makes them.
CREATE TABLE ticket_tag (
  ticket_id INTEGER NOT NULL REFERENCES ticket (id),
  tag       TEXT NOT NULL,
  PRIMARY KEY (ticket_id, tag)
) STRICT, WITHOUT ROWID;
CREATE INDEX ticket_tag_by_tag ON ticket_tag (tag);

-- What is due on a ticket next, one row for each kind; gone when it is over.
CREATE TABLE timer (
  ticket_id INTEGER NOT NULL REFERENCES ticket (id),
  kind      TEXT NOT NULL CHECK (kind IN ('urgent_update', 'first_reminder', 'second_reminder', 'close_unanswered',
            'close_resolved', 'stale_in_progress', 'snooze_over', 'due_soon', 'overdue')),
  due_at    TEXT NOT NULL,
  PRIMARY KEY (ticket_id, kind)
) STRICT, WITHOUT ROWID;
CREATE INDEX timer_due ON timer (due_at);

-- What is told to the team once on a day, and was: of several programs one tells it.
CREATE TABLE ritual (
  kind     TEXT NOT NULL CHECK (kind IN ('checklist', 'day_report', 'week_report')),
  day      TEXT NOT NULL,
  told_at  TEXT NOT NULL,
  PRIMARY KEY (kind, day)
) STRICT, WITHOUT ROWID;

-- Who takes part in a ticket beside its requester, might, or was refused. address: as normal_address makes it.
-- added_by: whose mail named them, or which agent decided.
CREATE TABLE participant (
  id        INTEGER PRIMARY KEY AUTOINCREMENT,
  ticket_id INTEGER NOT NULL REFERENCES ticket (id),
  address   TEXT NOT NULL,
  name      TEXT NOT NULL,
  state     TEXT NOT NULL CHECK (state IN ('in', 'proposed', 'out')),
  added_at  TEXT NOT NULL,
  added_by  TEXT NOT NULL,
  UNIQUE (ticket_id, address)
) STRICT;
CREATE INDEX participant_by_address ON participant (address);

-- Where each mailbox stands. The cursor (uid_validity, last_uid) moves in the transaction that stores the mails before
-- it; settled_uid follows once the server was told of them, null where it is told nothing. started_at: the first visit,
-- where it left older mail alone; still left alone up to renumbered_uid, when UIDVALIDITY has changed since.
-- synced_at: its last progress; heard_until: all that came to it before was taken in. reconciled_at: when it was last
-- compared with its server.
CREATE TABLE mailbox (
  name           TEXT PRIMARY KEY,
  uid_validity   INTEGER,
  last_uid       INTEGER,
  settled_uid    INTEGER,
  started_at     TEXT,
  renumbered_uid INTEGER,
  synced_at      TEXT,
  heard_until    TEXT,
  reconciled_at  TEXT
) STRICT, WITHOUT ROWID;

-- UIDs that need no further look, as runs from first to last: their mails are in the journal, or were left alone for
-- good. What the server holds up to the cursor and no run covers is missing.
CREATE TABLE known_uid (
  mailbox      TEXT NOT NULL,
  uid_validity INTEGER NOT NULL,
  first_uid    INTEGER NOT NULL,
  last_uid     INTEGER NOT NULL,
  PRIMARY KEY (mailbox, uid_validity, first_uid)
) STRICT, WITHOUT ROWID;

-- The mail to ourselves that is on its way (sent_at, returned_at null: not yet), and what the last one took. One row.
CREATE TABLE canary (
  id            INTEGER PRIMARY KEY CHECK (id = 1),
  number        INTEGER NOT NULL,
  made_at       TEXT NOT NULL,
  tried_at      TEXT NOT NULL,
  sent_at       TEXT,
  returned_at   TEXT,
  round_trip_ms INTEGER
) STRICT;

-- What needs a person, while it lasts.
CREATE TABLE alert (
  kind   TEXT NOT NULL,
  about  TEXT NOT NULL,
  detail TEXT NOT NULL,
  since  TEXT NOT NULL,
  PRIMARY KEY (kind, about)
) STRICT, WITHOUT ROWID;

-- The OAuth tokens of a mail account. origin is a fingerprint of the client and the endpoint they belong to; refused_origin,
-- of those that were refused. Who asks for the next ones holds the lease: a provider may take each refresh token only once.
CREATE TABLE oauth_token (
  account        TEXT NOT NULL,
  provider       TEXT NOT NULL CHECK (provider IN ('google', 'microsoft', 'custom')),
  origin         TEXT NOT NULL,
  refresh_token  TEXT,
  access_token   TEXT,
  expires_at     TEXT,
  granted_at     TEXT,
  refused_at     TEXT,
  refused_why    TEXT,
  refused_origin TEXT,
  lease          TEXT,
  leased_until   TEXT,
  PRIMARY KEY (account, provider)
) STRICT, WITHOUT ROWID;

-- The journal: every mail that came, and what became of it. sha256 is that of its bytes; identity is what makes a
-- mail itself whatever road it took; person, who wrote it, or, of a report, whom the mail was for that it tells of: null
-- where that cannot be told, and once its bytes are gone. counts: it counts against the hourly limit of its sender.
-- gone_at: since when its bytes are not kept any more.
CREATE TABLE raw_mail (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  mailbox     TEXT NOT NULL,
  sha256      TEXT NOT NULL,
  identity    TEXT NOT NULL UNIQUE,
  bytes       INTEGER NOT NULL,
  state       TEXT NOT NULL CHECK (state IN ('received', 'filed', 'ignored', 'held')),
  why         TEXT,
  person      TEXT,
  counts      INTEGER NOT NULL CHECK (counts IN (0, 1)),
  received_at TEXT NOT NULL,
  gone_at     TEXT
) STRICT;
CREATE INDEX raw_mail_unsettled ON raw_mail (state, id) WHERE state IN ('received', 'held');
CREATE INDEX raw_mail_lately ON raw_mail (received_at) WHERE counts;
CREATE INDEX raw_mail_by_person ON raw_mail (person) WHERE person IS NOT NULL;
CREATE INDEX raw_mail_kept ON raw_mail (received_at, id) WHERE gone_at IS NULL AND state IN ('filed', 'ignored');

-- The bytes themselves, packed with zstd; apart, so that settling a mail does not write them again.
CREATE TABLE raw_body (
  raw_mail_id INTEGER PRIMARY KEY REFERENCES raw_mail (id),
  packed      BLOB NOT NULL
) STRICT;

-- origin_id: the ticket that it was written on, where a merge has moved it. sender: the address that an inbound message
-- came from. refuted_at: our mail server says that it did not.
CREATE TABLE message (
  id           INTEGER PRIMARY KEY AUTOINCREMENT,
  ticket_id    INTEGER NOT NULL REFERENCES ticket (id),
  direction    TEXT NOT NULL CHECK (direction IN ('inbound', 'outbound', 'note')),
  mark         TEXT CHECK (mark IN ('stranger', 'automatic')),
  author       TEXT NOT NULL,
  sender       TEXT,
  at           TEXT NOT NULL,
  text         TEXT NOT NULL,
  quoted       TEXT NOT NULL,
  raw_mail_id  INTEGER REFERENCES raw_mail (id),
  origin_id    INTEGER REFERENCES ticket (id),
  refuted_at   TEXT,
  -- What the mail was made of, for its page.
  html         TEXT CHECK (html IN ('whole', 'remote_images')),
  seal         TEXT CHECK (seal IN ('signed', 'encrypted')),
  parts_received INTEGER NOT NULL,
  parts_kept   INTEGER NOT NULL,
  retracted_at TEXT
) STRICT;
CREATE INDEX message_by_ticket ON message (ticket_id, id);
-- The ticket of each of many messages, without their texts.
CREATE INDEX message_home ON message (id, ticket_id);
CREATE INDEX message_by_origin ON message (origin_id) WHERE origin_id IS NOT NULL;
CREATE INDEX message_by_mail ON message (raw_mail_id) WHERE raw_mail_id IS NOT NULL;
CREATE INDEX message_by_sender ON message (sender) WHERE sender IS NOT NULL;

CREATE TABLE attachment (
  message_id INTEGER NOT NULL REFERENCES message (id),
  part       INTEGER NOT NULL,
  name       TEXT NOT NULL,
  media_type TEXT NOT NULL,
  bytes      INTEGER NOT NULL,
  inline     INTEGER NOT NULL CHECK (inline IN (0, 1)),
  refused    TEXT CHECK (refused IN ('size')),
  PRIMARY KEY (message_id, part)
) STRICT, WITHOUT ROWID;

-- The message ids that lead to a ticket, in the order they came: of mails received, minted for our own, given to our
-- own by the provider, or only named by a mail of the ticket (those lead nobody but its sender).
CREATE TABLE mail_ref (
  id        INTEGER PRIMARY KEY AUTOINCREMENT,
  rfc_id    TEXT NOT NULL,
  ticket_id INTEGER NOT NULL REFERENCES ticket (id),
  kind      TEXT NOT NULL CHECK (kind IN ('received', 'minted', 'provider', 'named')),
  UNIQUE (rfc_id, ticket_id)
) STRICT;
CREATE INDEX mail_ref_by_ticket ON mail_ref (ticket_id, id);

-- The history: only ever appended to; undone_at marks an act that was taken back.
CREATE TABLE event (
  id            INTEGER PRIMARY KEY AUTOINCREMENT,
  ticket_id     INTEGER NOT NULL REFERENCES ticket (id),
  at            TEXT NOT NULL,
  kind          TEXT NOT NULL,
  door          TEXT NOT NULL,
  agent_id      INTEGER REFERENCES agent (id),
  actor         TEXT NOT NULL,
  detail        TEXT NOT NULL,
  version_after INTEGER NOT NULL,
  source_key    TEXT UNIQUE,
  undone_at     TEXT
) STRICT;
CREATE INDEX event_by_ticket ON event (ticket_id, id);
CREATE INDEX event_by_agent ON event (agent_id, id) WHERE agent_id IS NOT NULL;

-- The web channel: the row is the notification.
CREATE TABLE notification (
  id           INTEGER PRIMARY KEY AUTOINCREMENT,
  requester_id INTEGER NOT NULL REFERENCES requester (id),
  ticket_id    INTEGER NOT NULL REFERENCES ticket (id),
  event_id     INTEGER NOT NULL REFERENCES event (id),
  kind         TEXT NOT NULL,
  title        TEXT NOT NULL,
  message      TEXT NOT NULL,
  created_at   TEXT NOT NULL,
  visible_at   TEXT NOT NULL,
  withdrawn_at TEXT,
  read_at      TEXT
) STRICT;
CREATE INDEX notification_by_requester ON notification (requester_id, id);
CREATE INDEX notification_by_event ON notification (event_id);

-- One notice by one channel to one address. provider_id is what the submission server called the mail when it took it.
-- The copies of a reply to all are a row each, with one rfc_id; cc (JSON) is whom they show in copy.
-- subscription_id: the browser that a push is for, which may be gone by then.
CREATE TABLE delivery (
  id              INTEGER PRIMARY KEY AUTOINCREMENT,
  ticket_id       INTEGER NOT NULL REFERENCES ticket (id),
  event_id        INTEGER NOT NULL REFERENCES event (id),
  message_id      INTEGER REFERENCES message (id),
  channel         TEXT NOT NULL CHECK (channel IN ('web', 'email', 'push', 'chat')),
  kind            TEXT NOT NULL,
  announces       TEXT,
  title           TEXT NOT NULL,
  message         TEXT NOT NULL,
  address         TEXT,
  rfc_id          TEXT,
  provider_id     TEXT,
  in_reply_to     TEXT,
  refs            TEXT,
  cc              TEXT,
  state           TEXT NOT NULL CHECK (state IN ('pending', 'sending', 'sent', 'failed', 'skipped', 'uncertain', 'cancelled')),
  why             TEXT,
  attempts        INTEGER NOT NULL,
  next_attempt_at TEXT NOT NULL,
  leased_until    TEXT,
  turn_at         TEXT,
  ambiguous_at    TEXT,
  overtaken_by    INTEGER,
  subscription_id INTEGER,
  created_at      TEXT NOT NULL,
  updated_at      TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX delivery_once ON delivery (event_id, channel, COALESCE(address, ''), COALESCE(subscription_id, 0));
-- SQLite takes an index of some rows only where a statement repeats its condition word for word.
CREATE INDEX delivery_open ON delivery (channel, id) WHERE state IN ('pending', 'sending');
-- Mails that may have arrived and are tried again: a claim looks among them for those whose worker died once more.
CREATE INDEX delivery_retried ON delivery (leased_until) WHERE channel = 'email' AND state = 'sending' AND ambiguous_at IS NOT NULL;
-- Those that name somebody in copy: few.
CREATE INDEX delivery_copied ON delivery (id) WHERE cc IS NOT NULL;
CREATE INDEX delivery_overtaken ON delivery (overtaken_by) WHERE overtaken_by IS NOT NULL;
CREATE INDEX delivery_by_ticket ON delivery (ticket_id, id);
CREATE INDEX delivery_by_rfc_id ON delivery (rfc_id) WHERE rfc_id IS NOT NULL;
CREATE INDEX delivery_by_provider_id ON delivery (provider_id) WHERE provider_id IS NOT NULL;
CREATE INDEX delivery_newest ON delivery (updated_at);
CREATE INDEX delivery_troubled ON delivery (updated_at, id) WHERE state IN ('failed', 'uncertain');
CREATE INDEX delivery_by_address ON delivery (address, updated_at) WHERE address IS NOT NULL;

-- The exact bytes of a mail from before its first attempt on, packed with zstd; apart, so that a claim and a record do not write
-- them again.
CREATE TABLE sealed_body (
  delivery_id INTEGER PRIMARY KEY REFERENCES delivery (id),
  kept_at     TEXT NOT NULL,
  packed      BLOB NOT NULL
) STRICT;
CREATE INDEX sealed_body_oldest ON sealed_body (kept_at, delivery_id);

-- A copy of a mail that left, for the folder of an account in which people look for it; its bytes are those of sealed_body.
CREATE TABLE sent_copy (
  rfc_id          TEXT PRIMARY KEY,
  delivery_id     INTEGER NOT NULL REFERENCES delivery (id),
  state           TEXT NOT NULL CHECK (state IN ('pending', 'sending', 'kept', 'failed')),
  attempts        INTEGER NOT NULL,
  next_attempt_at TEXT NOT NULL,
  leased_until    TEXT,
  why             TEXT
) STRICT;
CREATE INDEX sent_copy_standing ON sent_copy (state);
CREATE INDEX sent_copy_due ON sent_copy (next_attempt_at, delivery_id) WHERE state IN ('pending', 'sending');

-- How fast mails go to each provider that is limited or asked for fewer; an idle one has no row.
CREATE TABLE pace (
  provider     TEXT PRIMARY KEY,
  full_at      TEXT NOT NULL,
  closed_until TEXT NOT NULL,
  next_at      TEXT NOT NULL,
  strikes      INTEGER NOT NULL
) STRICT;

-- The browsers that are told by push, as they said themselves (Push API). vapid_key: the key of ours that they were given;
-- their services take nothing by another.
CREATE TABLE push_subscription (
  id           INTEGER PRIMARY KEY AUTOINCREMENT,
  requester_id INTEGER NOT NULL REFERENCES requester (id),
  endpoint     TEXT NOT NULL UNIQUE,
  p256dh       TEXT NOT NULL,
  auth         TEXT NOT NULL,
  vapid_key    TEXT NOT NULL,
  created_at   TEXT NOT NULL
) STRICT;
CREATE INDEX push_subscription_by_requester ON push_subscription (requester_id, id);

-- Addresses that no mail goes to, because one came back for good; until somebody answers from them, or a CM lifts it.
CREATE TABLE suppressed (
  address     TEXT PRIMARY KEY,
  why         TEXT NOT NULL,
  delivery_id INTEGER NOT NULL REFERENCES delivery (id),
  since       TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX suppressed_newest ON suppressed (since, delivery_id);

-- What is posted to chat: written with its cause, drawn from what stands when it leaves. While one waits, it stands for all
-- that comes for the same thing. A row goes when it was posted; `place` says where it stands.
CREATE TABLE post (
  id              INTEGER PRIMARY KEY AUTOINCREMENT,
  platform        TEXT NOT NULL CHECK (platform IN ('discord', 'slack')),
  kind            TEXT NOT NULL,
  ticket_id       INTEGER REFERENCES ticket (id),
  about           INTEGER NOT NULL,
  state           TEXT NOT NULL CHECK (state IN ('pending', 'sending', 'failed')),
  why             TEXT,
  attempts        INTEGER NOT NULL,
  next_attempt_at TEXT NOT NULL,
  leased_until    TEXT,
  created_at      TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX post_once ON post (platform, kind, COALESCE(ticket_id, 0), about) WHERE state = 'pending';
CREATE INDEX post_due ON post (platform, next_attempt_at) WHERE state IN ('pending', 'sending');
CREATE INDEX post_in_turn ON post (platform, COALESCE(ticket_id, 0), id) WHERE state IN ('pending', 'sending');
CREATE INDEX post_refused ON post (id) WHERE state = 'failed';

-- Where in chat a thing stands: the card of a ticket with its thread, the entry of a message, an escalation.
CREATE TABLE place (
  platform  TEXT NOT NULL,
  kind      TEXT NOT NULL,
  about     INTEGER NOT NULL,
  ticket_id INTEGER REFERENCES ticket (id),
  channel   TEXT NOT NULL,
  message   TEXT NOT NULL,
  thread    TEXT,
  drawn     TEXT NOT NULL,
  PRIMARY KEY (platform, kind, about)
) STRICT, WITHOUT ROWID;
CREATE INDEX place_by_thread ON place (platform, thread) WHERE thread IS NOT NULL;
CREATE INDEX place_by_message ON place (platform, message);
CREATE INDEX place_in_channel ON place (platform, channel);
CREATE INDEX place_by_ticket ON place (platform, ticket_id);

-- The latest message of each channel and thread that was taken in: what came later while we were away is fetched.
CREATE TABLE seen (
  platform TEXT NOT NULL,
  channel  TEXT NOT NULL,
  message  TEXT NOT NULL,
  PRIMARY KEY (platform, channel)
) STRICT, WITHOUT ROWID;

-- What an endpoint of the host application is told by webhook: a row for each event and endpoint, written with its cause.
-- webhook_id is the same at each attempt and at each endpoint; status, where the ticket stood then; due_at, from when on it could
-- be told; body, its exact bytes, kept while it is tried.
CREATE TABLE webhook_post (
  id              INTEGER PRIMARY KEY AUTOINCREMENT,
  endpoint        TEXT NOT NULL,
  webhook_id      TEXT NOT NULL,
  kind            TEXT NOT NULL,
  ticket_id       INTEGER NOT NULL REFERENCES ticket (id),
  status          TEXT,
  event_id        INTEGER REFERENCES event (id),
  message_id      INTEGER REFERENCES message (id),
  notification_id INTEGER,
  state           TEXT NOT NULL CHECK (state IN ('pending', 'sending', 'sent', 'failed')),
  why             TEXT,
  attempts        INTEGER NOT NULL,
  due_at          TEXT NOT NULL,
  next_attempt_at TEXT NOT NULL,
  leased_until    TEXT,
  body            TEXT,
  created_at      TEXT NOT NULL,
  updated_at      TEXT NOT NULL
) STRICT;
CREATE INDEX webhook_post_due ON webhook_post (endpoint, id) WHERE state IN ('pending', 'sending');
CREATE INDEX webhook_post_in_turn ON webhook_post (endpoint, ticket_id, id) WHERE state IN ('pending', 'sending');
CREATE INDEX webhook_post_by_ticket ON webhook_post (ticket_id);
CREATE INDEX webhook_post_by_event ON webhook_post (event_id) WHERE event_id IS NOT NULL;
CREATE INDEX webhook_post_settled ON webhook_post (state, updated_at, id) WHERE state IN ('sent', 'failed');

-- How the endpoints fare. configured: a fingerprint of what the configuration says of one; failures: how often in a row it was not
-- reached, and paused_until, until when it is left alone for that; off_at: it said that it wants no more.
CREATE TABLE webhook_endpoint (
  name            TEXT PRIMARY KEY,
  configured      TEXT NOT NULL,
  failures        INTEGER NOT NULL,
  paused_until    TEXT,
  failing_since   TEXT,
  off_at          TEXT,
  last_success_at TEXT,
  last_failure_at TEXT,
  last_failure    TEXT
) STRICT, WITHOUT ROWID;

-- Replies being written, in chat or on a page, kept so that nothing is typed again after a restart.
CREATE TABLE draft (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  ticket_id  INTEGER NOT NULL REFERENCES ticket (id),
  agent_id   INTEGER NOT NULL REFERENCES agent (id),
  template   TEXT,
  text       TEXT NOT NULL,
  then_status TEXT,
  base       INTEGER NOT NULL,
  state      TEXT NOT NULL CHECK (state IN ('open', 'sent', 'dropped')),
  source_key TEXT,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX draft_by_source ON draft (source_key) WHERE source_key IS NOT NULL;
CREATE INDEX draft_open ON draft (ticket_id, updated_at) WHERE state = 'open';
CREATE INDEX draft_by_ticket ON draft (ticket_id);

-- Forms in chat that were refused, kept for a day so that what was typed is not typed again. fields: JSON, key and value.
CREATE TABLE form (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  agent_id   INTEGER NOT NULL REFERENCES agent (id),
  press      TEXT NOT NULL,
  fields     TEXT NOT NULL,
  created_at TEXT NOT NULL
) STRICT;
CREATE INDEX form_created ON form (created_at);

-- People of a chat who are requesters too, since a ticket was opened from what they wrote there.
CREATE TABLE requester_account (
  platform     TEXT NOT NULL,
  external_id  TEXT NOT NULL,
  requester_id INTEGER NOT NULL REFERENCES requester (id),
  PRIMARY KEY (platform, external_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX requester_account_by_requester ON requester_account (requester_id);

-- What was done with the data of people, with agents and with their keys: only ever appended to. detail: JSON, counts and
-- numbers, never an address. source_key: the runs of one day are one row, which counts on.
CREATE TABLE audit (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  at         TEXT NOT NULL,
  kind       TEXT NOT NULL,
  door       TEXT NOT NULL,
  agent_id   INTEGER REFERENCES agent (id),
  actor      TEXT NOT NULL,
  detail     TEXT NOT NULL,
  source_key TEXT UNIQUE
) STRICT;
CREATE INDEX audit_at ON audit (at);

-- The standard replies as written in the pages. The latest version stands over file and built-in; one without a text
-- says that it is as it came again.
CREATE TABLE canned_version (
  key         TEXT NOT NULL,
  version     INTEGER NOT NULL,
  title       TEXT,
  body        TEXT,
  then_status TEXT CHECK (then_status IN ('new', 'in_progress', 'waiting_customer', 'resolved', 'closed')),
  agent_id    INTEGER REFERENCES agent (id),
  actor       TEXT NOT NULL,
  at          TEXT NOT NULL,
  PRIMARY KEY (key, version)
) STRICT, WITHOUT ROWID;

-- The distinct folded words of each message with its subject, name and address; rowid is the message's.
CREATE VIRTUAL TABLE search USING fts5 (
  words, content = '', contentless_delete = 1, detail = none, tokenize = 'unicode61 remove_diacritics 0'
);
-- Whatever is asked for is looked up in each of its segments: two of a size are put together in a quiet moment (store/search.rs).
INSERT INTO search (search, rank) VALUES ('usermerge', 2);
-- Its words, read from the index itself.
CREATE VIRTUAL TABLE search_word USING fts5vocab(search, instance);
