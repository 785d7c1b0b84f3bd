package io.sluice.serving;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** The settings of a service, for the command line, the environment and docs/serving.md alike. */
public enum Setting {
  HOST("127.0.0.1", "ADDRESS", "Address to listen on. Beyond this machine it needs --tokens."),
  PORT("8080", "PORT", "Port to listen on; 0 for any that is free."),
  TOKENS("", "FILE", "File with a line `NAME ROLE[,ROLE] sha256:DIGEST` for each bearer token."),
  PIN("", "VERSION", "Serve this version, whatever the promotion log says."),
  ACCEPT_UNVERIFIED(
      "no", "yes|no", "Serve a version too for which the promotion log records no files."),
  INTERVAL("10s", "DURATION", "From one look at the promotion log to the next."),
  LEDGER(
      "",
      "PLACE",
      "Where predictions are kept: a file, or postgresql://USER:PASSWORD@HOST/DATABASE."
          + " With a password set the variable SLUICE_SERVE_LEDGER instead: the list of processes"
          + " shows options. Default: ledger.sqlite in the service's state folder."),
  LEDGER_MODE(
      "buffered",
      "durable|buffered|off",
      "Whether an answer waits until its prediction is on the disk."),
  LEDGER_UNWRITTEN("2000", "N", "Most predictions that may wait to be written."),
  LEDGER_WHEN_FULL(
      "block",
      "block|drop",
      "What to do when as many wait: let the request wait too, or keep nothing of it."),
  LEDGER_ON_FAILURE(
      "refuse", "refuse|answer", "What to do with a request whose prediction cannot be kept."),
  INPUTS("all", "all|sampled N%|digest", "Which inputs the ledger keeps beside their digests."),
  CONTROL("1%", "SHARE", "Share of inputs that needs review whatever else speaks for them."),
  ACCESS_LOG("off", "off|-|FILE", "Where a line of JSON for each request is written."),
  WORKERS("", "N", "Requests computed at once. Default: two a core, at least 8."),
  WAITING("1024", "N", "Most requests that wait for a worker; others get 429."),
  WAITING_MB("64", "MIB", "Most MiB of bodies that wait or arrive."),
  BODY_MB("8", "MIB", "Longest body of a request in MiB."),
  ROWS("4096", "N", "Most windows or rows of a request."),
  CONNECTIONS("4096", "N", "Most open connections."),
  IDLE("30s", "DURATION", "How long a connection may be silent."),
  ARRIVAL("15s", "DURATION", "How long headers, and then a body, may take to arrive."),
  DEADLINE("30s", "DURATION", "Longest time for an answer; a request may name a shorter one."),
  NOTICE("5s", "DURATION", "At the end: how long others may need to see that it is not ready."),
  GRACE("20s", "DURATION", "At the end: how long accepted requests may take then.");

  private final String initial;
  private final String form;
  private final String help;

  Setting(String initial, String form, String help) {
    this.initial = initial;
    this.form = form;
    this.help = help;
  }

  /** Its name as an option is, without hyphens before it. */
  public String option() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** Its name among the variables of the environment. */
  public String variable() {
    return "SLUICE_SERVE_" + name();
  }

  /** The value without a setting; empty where there is none, or it depends. */
  public String initial() {
    return initial;
  }

  /** What its value looks like. */
  public String form() {
    return form;
  }

  /** What it is for. */
  public String help() {
    return help;
  }

  static Optional<Setting> of(String option) {
    return Arrays.stream(values()).filter(s -> s.option().equals(option)).findFirst();
  }
}
