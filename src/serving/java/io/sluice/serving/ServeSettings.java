package io.sluice.serving;

import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.serving.HashShare;
import io.sluice.core.serving.InputPolicy;
import io.sluice.core.serving.Ledger;
import io.sluice.ledger.LedgerPlace;
import io.sluice.ledger.LedgerSettings;
import io.sluice.serving.follow.FollowSettings;
import io.sluice.serving.http.Limits;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How a service is to be.
 *
 * @param folder of this service alone: its cache, its ledger, the count of what that accepted
 * @param tokens file with the digests of bearer tokens
 * @param accessLog {@code off}, {@code -} or a file
 * @param notice how long others may need to see that it is ending
 * @param grace how long accepted requests may take then
 */
public record ServeSettings(
    String model,
    Path folder,
    String host,
    int port,
    Optional<Path> tokens,
    FollowSettings follow,
    LedgerSettings ledger,
    InputPolicy inputs,
    HashShare control,
    String accessLog,
    Limits limits,
    Duration notice,
    Duration grace) {
  private static final Pattern DURATION = Pattern.compile("([0-9]{1,6})(ms|s|m|h)");

  /**
   * Reads settings by name; what is not there has its default.
   *
   * @param state folder of the project's state, in which each model's service has a folder
   * @param cores of this machine
   * @throws SluiceException SLU-9204 (exit code 2): which setting is wrong, and how
   */
  public static ServeSettings of(String model, Path state, Map<Setting, String> values, int cores) {
    Values in = new Values(values);
    Path folder = FollowSettings.folder(state, model);
    Limits usual = Limits.of(cores);
    int bodyBytes = in.number(Setting.BODY_MB, 1, 1024) << 20;
    Limits limits =
        new Limits(
            bodyBytes,
            usual.headerBytes(),
            in.number(Setting.ROWS, 1, 1_000_000),
            in.text(Setting.WORKERS).isEmpty()
                ? usual.workers()
                : in.number(Setting.WORKERS, 1, 1000),
            in.number(Setting.WAITING, 0, 1_000_000),
            Math.max(bodyBytes, (long) in.number(Setting.WAITING_MB, 1, 65_536) << 20),
            in.number(Setting.CONNECTIONS, 1, 1_000_000),
            in.duration(Setting.IDLE),
            in.duration(Setting.ARRIVAL),
            in.duration(Setting.DEADLINE));
    OptionalInt pin =
        in.text(Setting.PIN).isEmpty()
            ? OptionalInt.empty()
            : OptionalInt.of(in.number(Setting.PIN, 1, Integer.MAX_VALUE));
    String place = in.text(Setting.LEDGER);
    LedgerSettings ledger =
        LedgerSettings.of(
                place.isEmpty() ? LedgerPlace.in(folder) : LedgerPlace.parse(place), folder)
            .with(in.word(Setting.LEDGER_MODE, Ledger.Mode.class))
            .with(
                in.number(Setting.LEDGER_UNWRITTEN, 1, 1_000_000),
                LedgerSettings.MAX_UNWRITTEN_BYTES,
                in.word(Setting.LEDGER_WHEN_FULL, LedgerSettings.WhenFull.class))
            .with(in.word(Setting.LEDGER_ON_FAILURE, LedgerSettings.OnFailure.class));
    return new ServeSettings(
        model,
        folder,
        in.text(Setting.HOST),
        in.number(Setting.PORT, 0, 65_535),
        Optional.of(in.text(Setting.TOKENS)).filter(t -> !t.isEmpty()).map(Path::of),
        new FollowSettings(
            model,
            in.duration(Setting.INTERVAL),
            longest(in.duration(Setting.INTERVAL)),
            pin,
            in.yes(Setting.ACCEPT_UNVERIFIED),
            state),
        ledger,
        in.parsed(Setting.INPUTS, InputPolicy::parse),
        in.parsed(Setting.CONTROL, HashShare::parse),
        in.text(Setting.ACCESS_LOG),
        limits,
        in.duration(Setting.NOTICE),
        in.duration(Setting.GRACE));
  }

  private static Duration longest(Duration interval) {
    return interval.compareTo(FollowSettings.LONGEST) > 0 ? interval : FollowSettings.LONGEST;
  }

  /** Settings by name, each with a complaint of its own. */
  private record Values(Map<Setting, String> values) {
    String text(Setting setting) {
      return values.getOrDefault(setting, setting.initial()).strip();
    }

    int number(Setting setting, int least, int most) {
      return parsed(
          setting,
          text -> {
            int number = Integer.parseInt(text);
            if (number < least || number > most) {
              throw new IllegalArgumentException("it is not within %d..%d".formatted(least, most));
            }
            return number;
          });
    }

    boolean yes(Setting setting) {
      return parsed(
          setting,
          text ->
              switch (text) {
                case "yes", "true" -> true;
                case "no", "false" -> false;
                default -> throw new IllegalArgumentException("it is neither yes nor no");
              });
    }

    Duration duration(Setting setting) {
      return parsed(
          setting,
          text -> {
            Matcher matcher = DURATION.matcher(text);
            if (!matcher.matches()) {
              throw new IllegalArgumentException("it is not a time such as 250ms, 10s, 5m or 1h");
            }
            long n = Long.parseLong(matcher.group(1));
            return switch (matcher.group(2)) {
              case "ms" -> Duration.ofMillis(n);
              case "s" -> Duration.ofSeconds(n);
              case "m" -> Duration.ofMinutes(n);
              default -> Duration.ofHours(n);
            };
          });
    }

    <E extends Enum<E>> E word(Setting setting, Class<E> type) {
      return parsed(setting, text -> Enum.valueOf(type, text.toUpperCase(Locale.ROOT)));
    }

    <T> T parsed(Setting setting, Function<String, T> parse) {
      String text = text(setting);
      try {
        return parse.apply(text);
      } catch (IllegalArgumentException e) {
        throw new SluiceException(
            ExitCode.INPUT_WRONG,
            List.of(
                Diagnostic.of(
                    "SLU-9204",
                    "`%s` is not a value of --%s".formatted(text, setting.option()),
                    "it is %s: %s".formatted(setting.form(), setting.help()))),
            e);
      }
    }
  }
}
