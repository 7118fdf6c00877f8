"""Holds an office against its invariants, without a line of the program: SQL, folders and hashes.

Reads what to look at as JSON from the first argument, prints every violation as a line.
    database  a SQLite file, which is copied with its log before it is read
    psql      else: a command that speaks to the PostgreSQL database
    objects   the folder of the documents' bytes
    grace     seconds for which an object may lie there without a row
    root      the folder that output folders are named from
    settled   nothing works on it and the last run came to its end
    mail      where messages may have gone: `log`, what a server heard (JSON), and `folder`, of .eml files; `people`, the name
              that stands on the paper of each address; `silent`, addresses that must hear nothing
"""

import csv, email, email.policy, email.utils, glob, hashlib, io, json, os, shutil, sqlite3, stat, subprocess, sys, tempfile, time

with open(sys.argv[1], encoding='utf-8') as file:
    look = json.load(file)
settled = look["settled"]


def wrong(*parts):
    print(" ".join(str(part) for part in parts))


if look.get("database"):
    folder = tempfile.TemporaryDirectory()
    copy = os.path.join(folder.name, "copy.db")
    for end in ("", "-wal"):
        if os.path.exists(look["database"] + end):
            shutil.copyfile(look["database"] + end, copy + end)
    connection = sqlite3.connect(copy)
    connection.row_factory = sqlite3.Row
    for check in ("integrity_check", "foreign_key_check"):
        for row in connection.execute("PRAGMA " + check):
            if tuple(row) != ("ok",):
                wrong(check, tuple(row))

    def rows(sql):
        return [{key: None if row[key] is None else str(row[key]) for key in row.keys()} for row in connection.execute(sql)]

else:

    def rows(sql):
        done = subprocess.run(look["psql"] + ["--csv", "--pset=null=∅", "--command", sql], capture_output=True, text=True)
        if done.returncode:
            sys.exit(done.stderr)
        return [{key: None if value == "∅" else value for key, value in row.items()} for row in csv.DictReader(io.StringIO(done.stdout))]


def sha256(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


tables = rows("SELECT name FROM sqlite_master WHERE name = 'batch'") if look.get("database") else [1]
if not tables:
    # Killed before there was anything.
    sys.exit(0)

batches = {
    row["id"]: row
    for row in rows("SELECT id, idempotency_key, state, accepted, output, created_at, completed_at, completer, post FROM batch")
}
records = rows(
    "SELECT batch_id, number, position, state, file, document_id, kept, attempts, lease_owner, lease_until, lease_epoch FROM record"
)
documents = {row["id"]: row for row in rows("SELECT id, batch_id, number, object, sha256, bytes FROM document")}
placed = rows("SELECT folder, file, document_id, sha256, before FROM placed")
FINAL = {"stored", "failed", "quarantined", "cancelled"}

# Counts: each record has one outcome, a finished batch has them all, no row is an orphan.
of_batch = {}
for record in records:
    of_batch.setdefault(record["batch_id"], []).append(record)
for batch in of_batch.keys() - batches.keys():
    wrong("records of no batch", batch)
for id, batch in batches.items():
    own = of_batch.get(id, [])
    if batch["state"] == "planning":
        if settled:
            wrong("batch", id, "is still being planned")
        continue
    if len(own) != int(batch["accepted"]):
        wrong("batch", id, "accepted", batch["accepted"], "and has", len(own))
    for numbers in ("number", "position"):
        if len({record[numbers] for record in own}) != len(own):
            wrong("batch", id, "repeats a", numbers)
    if batch["state"] in ("finished", "cancelled") and settled:
        for record in own:
            if record["state"] not in FINAL:
                wrong("batch", id, "is", batch["state"], "and record", record["number"], "is", record["state"])
    if batch["state"] == "running" and settled:
        wrong("batch", id, "still runs")
    if batch["completer"] is not None and settled:
        wrong("batch", id, "is still being completed by", batch["completer"])

used = {}
for id, batch in batches.items():
    if batch["completed_at"] is not None and batch["state"] != "finished":
        wrong("batch", id, "is completed and", batch["state"])
for record in records:
    name = f"record {record['number']} of {record['batch_id']}"
    if (record["state"] == "stored") != (record["document_id"] is not None):
        wrong(name, "is", record["state"], "with document", record["document_id"])
    if (record["state"] == "rendering") != (record["lease_owner"] is not None and record["lease_until"] is not None):
        wrong(name, "is", record["state"], "and leased by", record["lease_owner"], "until", record["lease_until"])
    if settled and record["lease_owner"] is not None:
        wrong(name, "is still in the hands of", record["lease_owner"])
    if int(record["attempts"]) < 0:
        wrong(name, "was tried", record["attempts"], "times")
    if record["document_id"] is not None:
        document = documents.get(record["document_id"])
        if document is None:
            wrong(name, "has a document that is not there")
        elif record["kept"] == "0":
            if (document["batch_id"], document["number"]) != (record["batch_id"], record["number"]):
                wrong(name, "has the document of another")
            if used.setdefault(document["id"], name) != name:
                wrong(name, "shares a document with", used[document["id"]])
for id in documents.keys() - used.keys():
    wrong("document", id, "belongs to no record")

# Objects: a stored document is whole, read-only and what was noted; nothing else lies there once the office is at rest.
wanted = {}
for document in documents.values():
    if document["object"] in wanted:
        wrong("object", document["object"], "serves two documents")
    wanted[document["object"]] = document
    path = os.path.join(look["objects"], document["object"])
    if not os.path.exists(path):
        wrong("object", document["object"], "is not there")
        continue
    with open(path, "rb") as file:
        bytes_ = file.read()
    if len(bytes_) != int(document["bytes"]) or hashlib.sha256(bytes_).hexdigest() != document["sha256"]:
        wrong("object", document["object"], "is not what was noted")
    if not bytes_.startswith(b"%PDF-") or not bytes_.rstrip().endswith(b"%%EOF"):
        wrong("object", document["object"], "is not a whole PDF")
    if stat.S_IMODE(os.stat(path).st_mode) & 0o222:
        wrong("object", document["object"], "may be written")
# One in a hundred is read by another program; which, the hash decides.
sample = sorted(documents.values(), key=lambda document: document["sha256"])[: len(documents) // 100 + 1] if settled else []
for document in sample:
    done = subprocess.run(["qpdf", "--check", os.path.join(look["objects"], document["object"])], capture_output=True, text=True)
    if done.returncode:
        wrong("object", document["object"], "does not please qpdf:", done.stdout, done.stderr)
if settled:
    for folder_, _, files in os.walk(look["objects"]):
        for file in files:
            name = os.path.relpath(os.path.join(folder_, file), look["objects"])
            if name == "instance":
                continue
            if name not in wanted and time.time() - os.stat(os.path.join(folder_, file)).st_mtime >= look["grace"]:
                wrong("object", name, "has no row")

# The documents say whose they are.
if os.path.exists(os.path.join(look["objects"], "instance")):
    owner = open(os.path.join(look["objects"], "instance")).read()
    if [row["id"] for row in rows("SELECT id FROM instance")] != [owner]:
        wrong("the documents belong to", owner)

# Output folders: everything noted stands there, nothing stands there that was not noted, the newest batch is all there.
for key in sorted({batch["output"] for batch in batches.values()}):
    path = os.path.join(look["root"], key)
    noted = {row["file"]: row for row in placed if row["folder"] == key}
    there = {
        file: sha256(os.path.join(path, file))
        for file in (os.listdir(path) if os.path.isdir(path) else [])
        if os.path.isfile(os.path.join(path, file))
    }
    for file, hash in there.items():
        if file not in noted:
            wrong("file", file, "in", key, "was never noted")
        elif hash != noted[file]["sha256"] and (settled or hash not in noted[file]["before"].split()):
            wrong("file", file, "in", key, "is not what was noted")
    if not settled:
        continue
    for file in noted.keys() - there.keys():
        wrong("file", file, "in", key, "was noted and is not there")
    for row in noted.values():
        if row["before"]:
            wrong("file", row["file"], "in", key, "is not settled")
    newest = [batch for batch in batches.values() if batch["output"] == key and batch["state"] != "cancelled"]
    for batch in sorted(newest, key=lambda batch: int(batch["created_at"]))[-1:]:
        for record in of_batch.get(batch["id"], []):
            if record["state"] == "stored" and there.get(record["file"]) != documents[record["document_id"]]["sha256"]:
                wrong("document", record["file"], "of record", record["number"], "does not stand in", key)
    unfinished = os.path.join(path, ".vanthu", "tmp")
    for file in os.listdir(unfinished) if os.path.isdir(unfinished) else []:
        wrong("unfinished file", file, "in", key)

# Numbers: unique by key; contiguous from 1, void and reserved counted.
for series in rows("SELECT register, period, last FROM series"):
    where = f"register = '{series['register']}' AND period = '{series['period']}'"
    numbers = [int(row["number"]) for row in rows(f"SELECT number FROM entry WHERE {where} ORDER BY number")]
    if numbers != list(range(1, int(series["last"]) + 1)):
        wrong("register", series["register"], series["period"], "has a gap:", numbers, "up to", series["last"])
state_of = {(record["batch_id"], record["number"]): record["state"] for record in records}
with_numbers, taken = set(), set()
latest = {max((int(b["created_at"]), id) for id, b in batches.items() if b["output"] == folder)[1] for folder in {b["output"] for b in batches.values()}}
for row in rows("SELECT register, number, state, struck, batch_id, record FROM entry WHERE batch_id IS NOT NULL"):
    key = (row["batch_id"], row["record"])
    with_numbers.add(row["batch_id"])
    if key in taken and row["state"] == "taken":
        wrong("record", *key, "has two numbers in", row["register"])
    if row["state"] == "taken" or row["struck"] == "1":
        taken.add(key)
    if state_of.get(key) is None:
        wrong("number", row["number"], "of", row["register"], "stands for no record")
    elif settled and row["state"] == "taken" and state_of[key] in ("failed", "quarantined", "cancelled"):
        wrong("number", row["number"], "of", row["register"], "is taken by a record that is", state_of[key])
for key, state in state_of.items():
    # A later list of the folder has taken the numbers over.
    if key[0] in with_numbers & latest and state == "stored" and key not in taken:
        wrong("record", *key, "is stored and has no number")
for row in rows("SELECT batch_id, COUNT(*) AS n FROM proposal GROUP BY batch_id"):
    if batches.get(row["batch_id"], {}).get("state") != "planning":
        wrong("proposed numbers are left of batch", row["batch_id"])

# Deliveries: each has an end, or a time, or a holder; each document that has an address has its delivery.
deliveries = {
    row["id"]: row
    for row in rows("SELECT id, batch_id, recipient, state, uncertain, lease_owner, lease_until, lease_epoch, next_at, committing_at FROM delivery")
}
enclosed = {}
for row in rows(
    "SELECT e.delivery_id, d.sha256 FROM delivery_document AS e JOIN document AS d ON d.id = e.document_id ORDER BY e.delivery_id, e.position"
):
    enclosed.setdefault(row["delivery_id"], []).append(row["sha256"])
ENDED = {"sent", "failed", "suppressed", "cancelled", "bounced", "complained"}
for id, delivery in deliveries.items():
    state = delivery["state"]
    if (state in ("leased", "committing")) != (delivery["lease_until"] is not None):
        wrong("delivery", id, "is", state, "and leased until", delivery["lease_until"])
    if settled and state not in ENDED:
        wrong("delivery", id, "is still", state)
    if state == "committing" and delivery["committing_at"] is None:
        wrong("delivery", id, "is committing since never")
    if not enclosed.get(id):
        wrong("delivery", id, "carries nothing")


def words(pdf):
    text = subprocess.run(["pdftotext", "-", "-"], input=pdf, capture_output=True, check=True).stdout.decode()
    return " ".join(text.split()).upper()


# Messages: what went out is what the outbox says, to whom it says, and nobody holds the paper of another.
if look.get("mail"):
    people, silent = look["mail"]["people"], look["mail"]["silent"]
    commands, copies = [], []
    if look["mail"].get("log"):
        heard = json.load(open(look["mail"]["log"]))
        commands = heard["commands"]
        copies = [(one["to"], open(one["file"], "rb").read()) for one in heard["messages"]]
    for path in glob.glob(os.path.join(look["mail"].get("folder") or "/nowhere", "*.eml")):
        raw = open(path, "rb").read()
        copies.append((email.message_from_bytes(raw, policy=email.policy.default)["To"].addresses[0].addr_spec, raw))
    of_delivery, read = {}, {}
    capitals = {address: name.upper() for address, name in people.items()}
    for to, raw in copies:
        message = email.message_from_bytes(raw, policy=email.policy.default)
        id = message["Message-ID"].strip("<>").split("@")[0].upper()
        delivery = deliveries.get(id)
        if delivery is None:
            wrong("a message to", to, "has an id of no delivery:", message["Message-ID"])
            continue
        of_delivery.setdefault(id, []).append(raw)
        if to != delivery["recipient"] or message["To"].addresses[0].addr_spec != to:
            wrong("delivery", id, "is", delivery["recipient"] + "'s and went to", to, "with", message["To"])
        pdfs = [part.get_content() for part in message.iter_attachments()]
        if [hashlib.sha256(pdf).hexdigest() for pdf in pdfs] != enclosed.get(id):
            wrong("delivery", id, "carried other documents than its own")
        for pdf in pdfs:
            hash = hashlib.sha256(pdf).hexdigest()
            read[hash] = read.get(hash) or words(pdf)
            named = {address for address, name in capitals.items() if name in read[hash]}
            if named != {to}:
                wrong("the paper that went to", to, "names", sorted(named))
    for id, own in of_delivery.items():
        delivery = deliveries[id]
        if len(own) > 1 + int(delivery["uncertain"]):
            wrong("delivery", id, "went", len(own), "times with", delivery["uncertain"], "uncertain attempts")
        if len(set(own)) > 1:
            wrong("the copies of delivery", id, "differ")
        retried = delivery["state"] in ("queued", "leased") and int(delivery["uncertain"]) > 0
        if delivery["state"] not in ("sent", "committing", "uncertain", "needs_operator", "bounced", "complained") and not retried:
            wrong("delivery", id, "went out and is", delivery["state"])
    for id, delivery in deliveries.items():
        if delivery["state"] == "sent" and id not in of_delivery:
            wrong("delivery", id, "is sent and never came")
    for address in silent:
        if any(command.upper().startswith("RCPT") and f"<{address}>" in command for command in commands):
            wrong("the server was asked to take a message for", address)
        if any(to == address for to, _ in copies):
            wrong(address, "was written to")
    if settled:
        for address in people.keys() - set(silent):
            own = [delivery for delivery in deliveries.values() if delivery["recipient"] == address]
            if [delivery["state"] for delivery in own] != ["sent"]:
                wrong(address, "has deliveries", [delivery["state"] for delivery in own])

# Schedules: one row for a slot, without a hole; one batch for a slot and file; a slot that is done has its batch.
slots = {}
for row in rows("SELECT schedule, scheduled_for, state, reason, lease_owner, lease_until, slots FROM occurrence ORDER BY schedule, scheduled_for"):
    slots.setdefault(row["schedule"], {})[row["scheduled_for"]] = row
    if settled and row["state"] in ("due", "running"):
        wrong("slot", row["scheduled_for"], "of", row["schedule"], "is", row["state"])
    if row["state"] != "running" and row["lease_owner"] is not None:
        wrong("slot", row["scheduled_for"], "of", row["schedule"], "is", row["state"], "and held")
batches_of = {}
for id, batch in batches.items():
    key = (batch["idempotency_key"] or "").split(":", 3)
    if key[0] == "schedule":
        batches_of.setdefault((key[1], key[2]), []).append(id)
        if key[2] not in slots.get(key[1], {}):
            wrong("batch", id, "is of a slot that has no row:", batch["idempotency_key"])
        elif slots[key[1]][key[2]]["state"] == "skipped":
            wrong("batch", id, "is of a slot that was skipped")
for (schedule, slot), own in batches_of.items():
    if len(own) > 1:
        wrong("slot", slot, "of", schedule, "has", len(own), "batches")
for schedule, own in slots.items():
    for slot, row in own.items():
        if row["state"] == "done" and (schedule, slot) not in batches_of:
            wrong("slot", slot, "of", schedule, "is done without a batch")

# The audit log: each line sealed with the one before.
before, expected, ways = "", 1, {}
# What persons did to a batch is a path of its states: from where an act may be done, to where it leads.
ACTS = {
    "batch.pause": ({"running"}, "paused"),
    "batch.resume": ({"paused"}, "running"),
    "batch.cancel": ({"running", "paused"}, "cancelled"),
    "batch.retry": ({"running", "paused"}, "running"),
}
for line in rows("SELECT sequence, at, actor, action, subject, detail, hash FROM audit ORDER BY sequence"):
    seal = hashlib.sha256()
    for part in (before, line["sequence"], line["at"], line["actor"], line["action"], line["subject"], line["detail"]):
        seal.update(len(part.encode()).to_bytes(8, "little") + part.encode())
    if int(line["sequence"]) != expected or seal.hexdigest() != line["hash"]:
        wrong("audit line", expected, "does not follow")
    if line["action"] in ACTS:
        # The program itself holds batches too, and ends them: of both the log says nothing.
        befores, after = ACTS[line["action"]]
        now = ways.get(line["subject"], "running")
        if now not in befores and not (now == "running" and line["action"] == "batch.resume"):
            wrong("audit line", expected, "says", line["action"], "of a batch that is", now)
        ways[line["subject"]] = after
    before, expected = line["hash"], expected + 1
