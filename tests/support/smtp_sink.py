"""A real SMTP server for the tests (aiosmtpd): every mail it takes becomes a file in a Maildir.

Started by tests/support/smtp.rs, which documents it. Everything is in one folder, given as the only argument:

    settings.json    read at start: user, password, strict, port and tls_port (0: any free one), introspect (an
                     address that is asked about access tokens, or null: no XOAUTH2)
    ports.json       written when both ports listen
    rules.json       read again at every RCPT and DATA: {"recipient": [{"rule", "reply", "times"}]}
    new/NAME         the mails, byte for byte as sent, NAME rising in order of arrival
    envelopes/NAME   the envelope of each as JSON: mail_from, rcpt_to, tls, user
"""

import asyncio
import base64
import json
import os
import ssl
import sys
import urllib.parse
import urllib.request
from pathlib import Path

from aiosmtpd.smtp import SMTP, AuthResult

FOLDER = Path(sys.argv[1])
SETTINGS = json.loads((FOLDER / "settings.json").read_text())


def write_whole(path, content):
    """A reader sees the whole file or none."""
    aside = FOLDER / "tmp" / path.name
    aside.write_bytes(content)
    aside.rename(path)


class Sink:
    """The acts of the server that are ours; aiosmtpd speaks the protocol."""

    def __init__(self):
        self.count = len(list((FOLDER / "new").iterdir()))
        self.spent = {}

    def rule(self, recipient, kinds):
        """The first rule for this recipient, of these kinds, that is not used up; using it counts."""
        path = FOLDER / "rules.json"
        rules = json.loads(path.read_text()) if path.exists() else {}
        for rule in rules.get(recipient.lower(), []):
            used = self.spent.get(rule["id"], 0)
            if rule["rule"] in kinds and (rule["times"] is None or used < rule["times"]):
                self.spent[rule["id"]] = used + 1
                return rule
        return None

    async def auth_XOAUTH2(self, server, args):
        """A refusal comes as a challenge with its reasons, which the client answers with nothing."""
        blob = base64.b64decode(args[1]) if len(args) > 1 else await server.challenge_auth("")
        fields = dict(part.split(b"=", 1) for part in blob.split(b"\x01") if part)
        token = fields[b"auth"].removeprefix(b"Bearer ")
        about = await asyncio.to_thread(introspect, token)
        if blob.endswith(b"\x01\x01") and about.get("active") and about["username"].encode() == fields[b"user"]:
            return AuthResult(success=True, auth_data=about["username"])
        answer = await server.challenge_auth('{"status":"401","schemes":"bearer","scope":"mail"}')
        if answer != b"":
            await server.push("501 5.5.2 The challenge is answered with nothing")
            return AuthResult(success=False, handled=True)
        return AuthResult(success=False, handled=False)

    async def handle_RCPT(self, server, session, envelope, address, options):
        rule = self.rule(address, {"refuse_recipient"})
        if rule:
            return rule["reply"]
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        rules = [self.rule(to, {"refuse_mail", "cut_before_keeping", "cut_after_keeping"}) for to in envelope.rcpt_tos]
        rule = next((rule for rule in rules if rule), None)
        if rule and rule["rule"] == "refuse_mail":
            return rule["reply"]
        if not rule or rule["rule"] == "cut_after_keeping":
            self.keep(server, session, envelope)
        if rule:
            server.transport.abort()
        return "250 OK"

    def keep(self, server, session, envelope):
        self.count += 1
        name = f"{self.count:010}.sink.localhost"
        tls = session.ssl is not None or server.transport.get_extra_info("sslcontext") is not None
        about = {
            "mail_from": envelope.mail_from,
            "rcpt_to": envelope.rcpt_tos,
            "tls": tls,
            "user": session.auth_data if session.authenticated else None,
        }
        write_whole(FOLDER / "envelopes" / name, json.dumps(about).encode())
        write_whole(FOLDER / "new" / name, envelope.content)


class LongLines(SMTP):
    """AUTH with a token is longer than aiosmtpd's lines; RFC 4954 section 4 gives it 12,288 bytes."""

    line_length_limit = 12288


def introspect(token):
    """What the provider says of a token (RFC 7662)."""
    body = urllib.parse.urlencode({"token": token}).encode()
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(SETTINGS["introspect"], body, timeout=20) as answer:
        return json.load(answer)


def authenticator(server, session, envelope, mechanism, data):
    """PLAIN and LOGIN, one user."""
    known = (SETTINGS["user"].encode(), SETTINGS["password"].encode())
    if (data.login, data.password) == known:
        return AuthResult(success=True, auth_data=SETTINGS["user"])
    return AuthResult(success=False, handled=False)


async def main():
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(FOLDER / "server.pem", FOLDER / "server.key")
    sink = Sink()

    def session(implicit_tls):
        server = (LongLines if SETTINGS["introspect"] else SMTP)(
            sink,
            hostname="localhost",
            data_size_limit=64 * 1024 * 1024,
            enable_SMTPUTF8=True,
            tls_context=None if implicit_tls else context,
            require_starttls=SETTINGS["strict"] and not implicit_tls,
            auth_required=SETTINGS["strict"],
            auth_require_tls=False,
            authenticator=authenticator,
            auth_exclude_mechanism=None if SETTINGS["introspect"] else ["XOAUTH2"],
            loop=asyncio.get_running_loop(),
        )
        server.command_size_limits["AUTH"] = 12288
        return server

    loop = asyncio.get_running_loop()
    plain = await loop.create_server(lambda: session(False), "127.0.0.1", SETTINGS["port"])
    tls = await loop.create_server(lambda: session(True), "127.0.0.1", SETTINGS["tls_port"], ssl=context)
    ports = {"port": plain.sockets[0].getsockname()[1], "tls_port": tls.sockets[0].getsockname()[1]}
    write_whole(FOLDER / "ports.json", json.dumps(ports).encode())
    await asyncio.Event().wait()


os.umask(0o077)
asyncio.run(main())
