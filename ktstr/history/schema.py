# SPDX-License-Identifier: Apache-2.0
"""The tables of a history, and how an older one becomes today's.

A *variant* is what is tested and where; *facts* are what came of it, without the machine that it
ran on, so that in virtual time a thousand equal runs have one row; a *result* is one run of them. A
*run* is what was imported at once, an invocation of Bazel for instance, and has results that others
may have, too: those that Bazel took from its cache.

A row of facts has all its figures in one value: 8 bytes each, little-endian IEEE 754 doubles, in
the order of the names that its *shape* lists, and 4 bytes of checksum, CRC-32 of those before them.
A row for each figure took eight times the room.
"""

from __future__ import annotations

# In the file's header (SQLite's file format, 1.3.14): "ktst".
APPLICATION_ID = 0x6B747374

_FIRST = """
CREATE TABLE run(
  id INTEGER PRIMARY KEY,
  key TEXT NOT NULL UNIQUE,
  state TEXT NOT NULL,
  started TEXT NOT NULL,
  imported TEXT NOT NULL,
  source TEXT NOT NULL,
  "commit" TEXT NOT NULL,
  branch TEXT NOT NULL,
  dirty INTEGER,
  revision_from TEXT NOT NULL,
  ci TEXT NOT NULL,
  ci_url TEXT NOT NULL
);
CREATE TABLE run_tag(
  run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY(run_id, key)
) WITHOUT ROWID;
CREATE TABLE host(
  id INTEGER PRIMARY KEY,
  hostname TEXT NOT NULL,
  kernel TEXT NOT NULL,
  cpu_model TEXT NOT NULL,
  cpus INTEGER NOT NULL,
  governor TEXT NOT NULL,
  mitigations TEXT NOT NULL,
  thp TEXT NOT NULL,
  UNIQUE(hostname, kernel, cpu_model, cpus, governor, mitigations, thp)
);
CREATE TABLE variant(
  id INTEGER PRIMARY KEY,
  label TEXT NOT NULL,
  test TEXT NOT NULL,
  source TEXT NOT NULL,
  topology TEXT NOT NULL,
  kernel TEXT NOT NULL,
  scheduler TEXT NOT NULL,
  accel TEXT NOT NULL,
  UNIQUE(label, test, source, topology, kernel, scheduler, accel)
);
CREATE TABLE shape(
  id INTEGER PRIMARY KEY,
  names TEXT NOT NULL UNIQUE
);
CREATE TABLE facts(
  id INTEGER PRIMARY KEY,
  digest BLOB NOT NULL UNIQUE,
  variant_id INTEGER NOT NULL REFERENCES variant,
  inputs BLOB NOT NULL,
  seed TEXT NOT NULL,
  release TEXT NOT NULL,
  vmlinux TEXT NOT NULL,
  layer TEXT NOT NULL,
  schema_version INTEGER NOT NULL,
  verdict TEXT NOT NULL,
  cause TEXT NOT NULL,
  message TEXT NOT NULL,
  shape_id INTEGER NOT NULL REFERENCES shape,
  figures BLOB NOT NULL
);
CREATE INDEX facts_of_variant ON facts(variant_id);
CREATE TABLE whole(
  facts_id INTEGER PRIMARY KEY REFERENCES facts ON DELETE CASCADE,
  content BLOB NOT NULL
);
CREATE TABLE result(
  id INTEGER PRIMARY KEY,
  digest BLOB NOT NULL UNIQUE,
  facts_id INTEGER NOT NULL REFERENCES facts,
  host_id INTEGER NOT NULL REFERENCES host,
  started TEXT NOT NULL,
  wall_s REAL NOT NULL,
  load REAL NOT NULL
);
CREATE INDEX result_of_facts ON result(facts_id);
CREATE TABLE run_result(
  run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  result_id INTEGER NOT NULL REFERENCES result ON DELETE CASCADE,
  cached INTEGER NOT NULL,
  PRIMARY KEY(run_id, result_id)
) WITHOUT ROWID;
CREATE INDEX run_of_result ON run_result(result_id)
"""

# What was written before is taken for what it is now; damage from now on is seen.
_SECOND = "UPDATE facts SET figures = summed(figures)"

# What leads from each version to the next, the first from an empty file.  Those that stand here
# stay as they are: files of theirs are about.
MIGRATIONS: tuple[str, ...] = (_FIRST, _SECOND)
