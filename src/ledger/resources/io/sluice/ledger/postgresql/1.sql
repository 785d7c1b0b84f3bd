-- What a version was when it was served, and what was said of review: each once, however many predictions have it.
create table served_version (
  id bigint generated always as identity primary key,
  digest bytea not null unique,
  body text not null
);
create table review_flag (
  id bigint generated always as identity primary key,
  digest bytea not null unique,
  body text not null
);
-- One row for each request. The id begins with the time, so that rows are appended at the end of the index.
create table prediction (
  id bytea not null primary key,
  after_id bigint not null, -- when it was made, in microseconds after the millisecond of its id
  served_version bigint not null references served_version (id),
  review_flag bigint not null references review_flag (id),
  row_count integer not null,
  names text, -- a JSON list
  input_digest bytea, -- where the input itself is not kept
  input bytea,
  output bytea not null,
  caller text,
  trace bytea,
  request_key text
);
-- Keys of callers, remembered for a day.
create table request_key (
  model text not null,
  request_key text not null,
  prediction bytea not null,
  at bigint not null,
  primary key (model, request_key)
);
-- Of each writer how many of the predictions that it accepted are settled.
create table writer (
  id bytea not null primary key,
  settled bigint not null
);
-- Written and emptied again, to see whether the disk takes anything.
create table probe (
  id integer not null primary key,
  body bytea not null
);
