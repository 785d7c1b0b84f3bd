package io.sluice.mlflow;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The certificates and keys of a PEM file. The JDK of the oldest supported version reads no private
 * keys from PEM; Bouncy Castle does and has 8 MB.
 *
 * @param blocks in the order of the file
 */
record PemFile(List<Block> blocks) {
  private static final Pattern BLOCK =
      Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \\1-----", Pattern.DOTALL);

  /** The version number 0 that a PKCS#8 key begins with. */
  private static final byte[] VERSION = {2, 1, 0};

  /** {@code rsaEncryption} with the parameters NULL. */
  private static final byte[] RSA = {
    0x30, 0x0d, 0x06, 0x09, 0x2a, (byte) 0x86, 0x48, (byte) 0x86, (byte) 0xf7, 0x0d, 1, 1, 1, 5, 0
  };

  private static final int SEQUENCE = 0x30;
  private static final int OCTET_STRING = 4;

  /**
   * One part of the file.
   *
   * @param kind what stands after BEGIN
   * @param base64 its content
   */
  record Block(String kind, String base64) {
    byte[] content() throws GeneralSecurityException {
      try {
        return Base64.getMimeDecoder().decode(base64);
      } catch (IllegalArgumentException e) {
        throw new GeneralSecurityException("a block of it is not base64", e);
      }
    }
  }

  static PemFile read(Path file) throws IOException, GeneralSecurityException {
    // Other text may stand between the blocks, in whatever encoding.
    Matcher found = BLOCK.matcher(Files.readString(file, StandardCharsets.ISO_8859_1));
    List<Block> blocks = new ArrayList<>();
    while (found.find()) {
      String body = found.group(2);
      if (body.contains("Proc-Type: 4,ENCRYPTED")) {
        throw new GeneralSecurityException("its key is encrypted");
      }
      blocks.add(new Block(found.group(1), body.strip()));
    }
    return new PemFile(List.copyOf(blocks));
  }

  List<X509Certificate> certificates() throws GeneralSecurityException {
    CertificateFactory factory = CertificateFactory.getInstance("X.509");
    List<X509Certificate> certificates = new ArrayList<>();
    for (Block block : blocks) {
      if (block.kind().endsWith("CERTIFICATE")) {
        certificates.add(
            (X509Certificate)
                factory.generateCertificate(new ByteArrayInputStream(block.content())));
      }
    }
    return certificates;
  }

  /** Its first private key: PKCS#8, or PKCS#1 for RSA, both not encrypted. */
  PrivateKey key() throws GeneralSecurityException {
    for (Block block : blocks) {
      switch (block.kind()) {
        case "PRIVATE KEY" -> {
          return pkcs8(block.content());
        }
        case "RSA PRIVATE KEY" -> {
          return pkcs8(der(SEQUENCE, join(VERSION, RSA, der(OCTET_STRING, block.content()))));
        }
        case "ENCRYPTED PRIVATE KEY" -> throw new GeneralSecurityException("its key is encrypted");
        case "EC PRIVATE KEY" ->
            throw new GeneralSecurityException(
                "its key is not in PKCS#8 (openssl pkcs8 -topk8 -nodes)");
        default -> {}
      }
    }
    throw new GeneralSecurityException("it has no private key");
  }

  private static PrivateKey pkcs8(byte[] encoded) throws GeneralSecurityException {
    for (String algorithm : List.of("RSA", "EC", "EdDSA")) {
      try {
        return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(encoded));
      } catch (InvalidKeySpecException e) {
        // of another algorithm
      }
    }
    throw new GeneralSecurityException("its private key is neither RSA, EC nor EdDSA");
  }

  private static byte[] der(int tag, byte[] content) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(tag);
    if (content.length < 0x80) {
      out.write(content.length);
    } else {
      out.write(0x82);
      out.write(content.length >> 8);
      out.write(content.length);
    }
    out.writeBytes(content);
    return out.toByteArray();
  }

  private static byte[] join(byte[]... parts) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      out.writeBytes(part);
    }
    return out.toByteArray();
  }
}
