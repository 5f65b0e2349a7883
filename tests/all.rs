//! All integration tests, in one binary: linking is the slow part.

mod alerts;
mod backup;
mod caps;
mod canary;
mod crash;
mod desk;
mod doors;
mod faulty_imap;
mod faulty_smtp;
mod layers;
mod mail;
mod migrations;
mod own_mail;
mod pages;
mod pages_html;
mod reconcile;
mod requester;
mod scenarios;
mod serve;
mod servers;
mod support;
mod suppressed;
mod threading;
mod wire_fetch;
mod wire_imap;
mod wire_smtp;
