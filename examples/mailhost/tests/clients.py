"""Python's own mail libraries against the server. Arguments: a JSON object with ports, the certificate and the password."""

import email.message
import email.policy
import json
import poplib
import smtplib
import ssl
import sys

args = json.loads(sys.argv[1])
password = args["password"]
context = ssl.create_default_context(cafile=args["certificate"])
context.check_hostname = False  # the certificate is for the configured name


def letter(sender, subject, text):
    message = email.message.EmailMessage(policy=email.policy.SMTP)
    message["From"] = sender
    message["To"] = "ann@mail.test"
    message["Subject"] = subject
    message.set_content(text)
    return message


dots = "a line\n.\n..\n.dot\nend\n"

# another server, port 25: in the clear, then inside TLS
with smtplib.SMTP("127.0.0.1", args["Smtp"], "client.example") as smtp:
    smtp.send_message(letter("you@example.net", "clear", dots), "you@example.net", ["ann@mail.test"])
    smtp.starttls(context=context)
    smtp.ehlo()
    assert not smtp.has_extn("auth"), "port 25 offers no AUTH"
    smtp.send_message(letter("you@example.net", "starttls", dots), "you@example.net", ["ann@mail.test"])
    refused = smtp.sendmail("you@example.net", ["ann@mail.test", "nobody@mail.test", "x@example.com"], letter("you@example.net", "some", "x").as_bytes())
    assert refused["nobody@mail.test"][0] == 550 and refused["x@example.com"][0] == 550, refused

# a user, port 587
with smtplib.SMTP("127.0.0.1", args["Submission"]) as smtp:
    try:
        smtp.login("ann@mail.test", password)
        raise SystemExit("AUTH in the clear")
    except smtplib.SMTPException:
        pass
    smtp.starttls(context=context)
    smtp.login("ann@mail.test", password)
    smtp.send_message(letter("ann@mail.test", "submission", dots))

# a user, port 465, each mechanism that the library knows
for mechanism in ["PLAIN", "LOGIN"]:
    with smtplib.SMTP_SSL("127.0.0.1", args["Submissions"], context=context) as smtp:
        smtp.user, smtp.password = "ann@mail.test", password
        smtp.ehlo()
        method = {"PLAIN": smtp.auth_plain, "LOGIN": smtp.auth_login}[mechanism]
        assert smtp.auth(mechanism, method)[0] == 235
        smtp.send_message(letter("ann@mail.test", mechanism, dots))

# wrong password
with smtplib.SMTP_SSL("127.0.0.1", args["Submissions"], context=context) as smtp:
    try:
        smtp.login("ann@mail.test", "wrong")
        raise SystemExit("logged in with a wrong password")
    except smtplib.SMTPAuthenticationError as error:
        assert error.smtp_code == 535, error

# LMTP; this library reads one reply only, so there is one recipient
with smtplib.LMTP("127.0.0.1", args["Lmtp"]) as lmtp:
    refused = lmtp.sendmail("<>", ["ann@mail.test"], letter("you@example.net", "lmtp", "x").as_bytes())
    assert refused == {}, refused

subjects = ["clear", "starttls", "some", "submission", "PLAIN", "LOGIN", "lmtp"]


def read(pop):
    pop.user("ann@mail.test")
    pop.pass_(password)
    count, size = pop.stat()
    assert count == len(subjects), count
    assert sum(int(line.split()[1]) for line in pop.list()[1]) == size
    assert len(set(line.split()[1] for line in pop.uidl()[1])) == count
    seen = []
    for number in range(1, count + 1):
        lines = pop.retr(number)[1]
        message = email.message_from_bytes(b"\r\n".join(lines) + b"\r\n", policy=email.policy.default)
        seen.append(message["Subject"])
        assert message["Return-Path"] is not None and message["Delivered-To"] == "ann@mail.test", lines
        if message["Subject"] not in ("some", "lmtp"):
            assert message.get_content().replace("\r\n", "\n") == dots, lines
        top = pop.top(number, 0)[1]
        assert top[-1] == b"" and all(a == b for a, b in zip(top, lines)), top
    assert seen == subjects, seen
    return [pop.retr(number)[1] for number in range(1, count + 1)]


pop = poplib.POP3("127.0.0.1", args["Pop3"])
try:
    pop.user("ann@mail.test")
    pop.pass_(password)
    raise SystemExit("POP3 login in the clear")
except poplib.error_proto:
    pop.close()
pop = poplib.POP3("127.0.0.1", args["Pop3"])
pop.stls(context=context)
first = read(pop)
pop.quit()

# what a dropped connection marked is still there
pop = poplib.POP3_SSL("127.0.0.1", args["Pop3s"], context=context)
second = read(pop)
assert first == second
pop.dele(1)
pop.close()
pop = poplib.POP3_SSL("127.0.0.1", args["Pop3s"], context=context)
read(pop)
pop.dele(1)
pop.rset()
pop.dele(2)
pop.quit()
del subjects[1]
pop = poplib.POP3_SSL("127.0.0.1", args["Pop3s"], context=context)
read(pop)
pop.quit()

# what CAPA says, and other languages (RFC 2449, RFC 6856)
pop = poplib.POP3_SSL("127.0.0.1", args["Pop3s"], context=context)
offers = pop.capa()
assert offers["SASL"] == ["SCRAM-SHA-256-PLUS", "SCRAM-SHA-256", "PLAIN", "LOGIN"], offers
assert offers["EXPIRE"] == ["NEVER"] and offers["UTF8"] == ["USER"] and offers["IMPLEMENTATION"] == ["mailhost"], offers
assert "LANG" in offers and "LOGIN-DELAY" not in offers, offers
languages = [line.split(b" ")[0] for line in pop._longcmd("LANG")[1]]
assert languages[:2] == [b"en", b"de"], languages
pop.utf8()
assert pop._shortcmd("LANG de-AT").startswith(b"+OK de "), "the language that is near"
try:
    pop.user("ann@mail.test")
    pop.pass_("wrong")
    raise SystemExit("logged in with a wrong password")
except poplib.error_proto as error:
    assert error.args[0] == b"-ERR [AUTH] Name oder Passwort falsch", error
pop.user("ann@mail.test")
pop.pass_(password)
assert "LANG" in pop.capa()
pop.quit()
print("all well")
