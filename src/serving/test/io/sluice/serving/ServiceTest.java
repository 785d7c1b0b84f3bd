package io.sluice.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.core.diag.SluiceException;
import io.sluice.core.promotion.PromotionLog;
import io.sluice.core.registry.ModelRegistry;
import io.sluice.core.serving.Ledger;
import io.sluice.ledger.Ledgers;
import java.io.OutputStream;
import java.io.PrintStream;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The start and the end of a service whose registry does what servers do at the wrong time. */
class ServiceTest {
  @TempDir private Path state;

  private ServeSettings settings;

  @BeforeEach
  void settings() {
    settings =
        ServeSettings.of("m", state, Map.of(Setting.PORT, "0", Setting.ACCESS_LOG, "off"), 2);
  }

  /** A load or a look that does not end must not cost what was answered already. */
  @Test
  @Timeout(value = 60, unit = TimeUnit.SECONDS)
  void theLedgerEndsThoughFollowingDoesNot() throws InterruptedException {
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch answered = new CountDownLatch(1);
    PromotionLog hanging =
        answering(
            PromotionLog.class,
            (log, method, arguments) -> {
              asked.countDown();
              while (answered.getCount() > 0) {
                try {
                  answered.await();
                } catch (InterruptedException e) {
                  Thread.interrupted(); // as native code, which nothing interrupts
                }
              }
              throw new IllegalStateException("too late");
            });
    Service service = service((registry, method, arguments) -> hanging);
    asked.await();
    assertThatThrownBy(this::open).as("the service writes it").isInstanceOf(SluiceException.class);

    Thread end = new Thread(service::close);
    end.start();
    try {
      while (!free()) {
        Thread.sleep(5);
      }
      assertThat(end.isAlive()).as("following has not ended").isTrue();
    } finally {
      answered.countDown();
    }
    end.join();
  }

  @Test
  void aStartThatFailsHoldsNoLedger() {
    assertThatThrownBy(() ->
            service((registry, method, arguments) -> {
              throw new IllegalStateException("no log of that name");
            }))
        .hasMessageContaining("no log of that name");
    open().close();
  }

  private Service service(InvocationHandler registry) {
    return Service.start(
        answering(ModelRegistry.class, registry),
        settings,
        "test",
        OutputStream.nullOutputStream(),
        new PrintStream(OutputStream.nullOutputStream(), true, StandardCharsets.UTF_8),
        line -> {});
  }

  private static <T> T answering(Class<T> type, InvocationHandler calls) {
    return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, calls));
  }

  private Ledger open() {
    return Ledgers.open(settings.ledger(), Clock.systemUTC(), line -> {});
  }

  private boolean free() {
    try {
      open().close();
      return true;
    } catch (SluiceException e) {
      return false;
    }
  }
}
