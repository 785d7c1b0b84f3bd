package io.sluice.mlflow;

import java.security.cert.CertPathBuilderException;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import javax.net.ssl.SSLException;

/**
 * A handshake that fails the same way every time. A connection that ends during a handshake is not
 * one.
 *
 * @param why in the words of the JDK
 */
record TlsFailure(Kind kind, String why) {
  /** What did not fit. */
  enum Kind {
    /** The certificate of the server is not one that is trusted. */
    UNTRUSTED,
    /** It is trusted, and of another host. */
    OTHER_HOST,
    /** The server refuses this side's certificate, version or ciphers. */
    REFUSED,
    /** What answers does not speak TLS. */
    NOT_TLS
  }

  static Optional<TlsFailure> of(Throwable failure) {
    List<Throwable> chain = new ArrayList<>();
    for (Throwable t = failure; t != null && !chain.contains(t); t = t.getCause()) {
      chain.add(t);
    }
    if (chain.stream().noneMatch(t -> t instanceof SSLException)) {
      return Optional.empty();
    }
    // The certificate first: the exceptions around it only say that the handshake failed.
    return first(chain, Kind.OTHER_HOST, TlsFailure::isOfAnotherHost)
        .or(() -> first(chain, Kind.UNTRUSTED, TlsFailure::isUntrusted))
        .or(() -> first(chain, Kind.REFUSED, t -> says(t, "Received fatal alert")))
        .or(() ->
            first(
                chain,
                Kind.NOT_TLS,
                t -> says(t, "nrecognized SSL message") || says(t, "not an SSL/TLS record")));
  }

  private static Optional<TlsFailure> first(
      List<Throwable> chain, Kind kind, Predicate<Throwable> is) {
    return chain.stream()
        .filter(is)
        .findFirst()
        .map(t -> new TlsFailure(kind, ForeignText.oneLine(String.valueOf(t.getMessage()))));
  }

  private static boolean isOfAnotherHost(Throwable t) {
    return t instanceof CertificateException
        && (says(t, "No subject alternative") || says(t, "No name matching"));
  }

  private static boolean isUntrusted(Throwable t) {
    return t instanceof CertPathBuilderException
        || t instanceof CertPathValidatorException
        || t instanceof CertificateException;
  }

  private static boolean says(Throwable t, String words) {
    return String.valueOf(t.getMessage()).contains(words);
  }
}
