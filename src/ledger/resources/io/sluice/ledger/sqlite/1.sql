-- What a version was when it was served, and what was said of review: each once, however many predictions have it.
create table served_version (
  id integer primary key,
  digest blob not null unique,
  body text not null
);
create table review_flag (
  id integer primary key,
  digest blob not null unique,
  body text not null
);
-- One row for each request. The id begins with the time, so that rows are appended at the end of the index.
create table prediction (
  id blob not null primary key,
  after_id integer not null, -- when it was made, in microseconds after the millisecond of its id
  served_version integer not null references served_version (id),
  review_flag integer not null references review_flag (id),
  row_count integer not null,
  names text, -- a JSON list
  input_digest blob, -- where the input itself is not kept
  input blob,
  output blob not null,
  caller text,
  trace blob,
  request_key text
);
-- Keys of callers, remembered for a day.
create table request_key (
  model text not null,
  request_key text not null,
  prediction blob not null,
  at integer not null,
  primary key (model, request_key)
) without rowid;
-- Of each writer how many of the predictions that it accepted are settled.
create table writer (
  id blob not null primary key,
  settled integer not null
) without rowid;
-- Written and emptied again, to see whether the disk takes anything.
create table probe (
  id integer not null primary key,
  body blob not null
);
