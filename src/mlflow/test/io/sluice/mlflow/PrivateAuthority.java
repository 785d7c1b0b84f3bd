package io.sluice.mlflow;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;

/** A certificate authority of its own, made with the JDK's keytool, as companies have one. */
final class PrivateAuthority {
  static final String PASSWORD = "changeit";

  private final Path folder;

  PrivateAuthority(Path folder) throws IOException {
    this.folder = folder;
    keytool("-genkeypair", "-keyalg", "EC", "-dname", "CN=Test CA", "-ext", "bc:c", in("ca"));
    keytool("-exportcert", "-rfc", "-file", file("ca.pem"), in("ca"));
  }

  /** The certificate of the authority. */
  Path certificate() {
    return folder.resolve("ca.pem");
  }

  /** A trust store with that certificate alone. */
  Path trustStore() throws IOException {
    Path store = folder.resolve("trust.p12");
    if (!Files.exists(store)) {
      keytool("-importcert", "-noprompt", "-file", file("ca.pem"), in("trust"));
    }
    return store;
  }

  /** A key store with a key that the authority vouches for. */
  Path issue(String name, String algorithm, String alternativeNames) throws IOException {
    keytool("-genkeypair", "-keyalg", algorithm, "-dname", "CN=" + name, in(name));
    keytool("-certreq", "-file", file(name + ".csr"), in(name));
    keytool(
        "-gencert",
        "-rfc",
        "-ext",
        "san=" + alternativeNames,
        "-infile",
        file(name + ".csr"),
        "-outfile",
        file(name + ".pem"),
        in("ca"));
    keytool("-importcert", "-noprompt", "-alias", "ca", "-file", file("ca.pem"), store(name));
    keytool("-importcert", "-file", file(name + ".pem"), in(name));
    keytool("-delete", "-alias", "ca", store(name));
    return folder.resolve(name + ".p12");
  }

  /** Certificate and key of {@link #issue} in one PEM file. */
  Path pem(String name, boolean pkcs1) throws IOException, GeneralSecurityException {
    KeyStore store = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(folder.resolve(name + ".p12"))) {
      store.load(in, PASSWORD.toCharArray());
    }
    byte[] key = store.getKey("it", PASSWORD.toCharArray()).getEncoded();
    if (pkcs1) {
      key = Arrays.copyOfRange(key, 26, key.length); // after the header of a 2048-bit RSA key
    }
    String kind = pkcs1 ? "RSA PRIVATE KEY" : "PRIVATE KEY";
    Path pem = folder.resolve(name + (pkcs1 ? "-pkcs1" : "") + "-both.pem");
    Files.writeString(
        pem,
        Files.readString(folder.resolve(name + ".pem"))
            + "-----BEGIN "
            + kind
            + "-----\n"
            + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(key)
            + "\n-----END "
            + kind
            + "-----\n");
    return pem;
  }

  private String file(String name) {
    return folder.resolve(name).toString();
  }

  /** The store of this name and its one entry. */
  private static String in(String name) {
    return "+" + name;
  }

  /** The store of this name. */
  private static String store(String name) {
    return "=" + name;
  }

  private void keytool(String... arguments) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin/keytool").toString());
    for (String argument : arguments) {
      if (argument.startsWith("+") || argument.startsWith("=")) {
        if (argument.startsWith("+")) {
          command.addAll(List.of("-alias", "it"));
        }
        command.addAll(
            List.of("-keystore", file(argument.substring(1) + ".p12"), "-storepass", PASSWORD));
      } else {
        command.add(argument);
      }
    }
    RealServer.run(command);
  }
}
