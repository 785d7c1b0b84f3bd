package io.jenkins.plugins.sluice;

import java.io.File;
import java.io.IOException;
import java.lang.reflect.Constructor;
import java.lang.reflect.Method;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.Stream;
import org.kohsuke.stapler.DataBoundConstructor;
import org.kohsuke.stapler.DataBoundSetter;

/** The plugin's compiled classes and resources, as its tests look through them. */
final class PluginClasses {
  private static final String ROOT = PluginClasses.class.getPackageName();

  private PluginClasses() {}

  /** All classes of the plugin itself, none of them initialised. */
  static List<Class<?>> all() throws IOException, URISyntaxException {
    Path folder = folder("config/ClusterConfig.class");
    List<Class<?>> out = new ArrayList<>();
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : (Iterable<Path>) files.sorted()::iterator) {
        String name = name(folder, file);
        if (name.endsWith(".class") && !name.contains("package-info")) {
          out.add(load(name.substring(0, name.length() - ".class".length())));
        }
      }
    }
    return out;
  }

  static Class<?> load(String name) {
    try {
      return Class.forName(name, /* initialize= */ false, PluginClasses.class.getClassLoader());
    } catch (ClassNotFoundException e) {
      throw new AssertionError("no class " + name, e);
    }
  }

  /** Where the resources of the root package are. */
  static Path resources() throws URISyntaxException {
    return folder("config/Messages.properties");
  }

  private static Path folder(String inPackage) throws URISyntaxException {
    URL url = Objects.requireNonNull(PluginClasses.class.getResource(inPackage), inPackage);
    return Objects.requireNonNull(
        Objects.requireNonNull(Path.of(url.toURI()).getParent()).getParent());
  }

  /** The name of the class, or of the class that owns the folder, at a path. */
  static String name(Path root, Path at) {
    return ROOT + "." + root.relativize(at).toString().replace(File.separatorChar, '.');
  }

  /** Parameters that a Jenkinsfile, a form or configuration as code may give, in order of names. */
  static List<String> parameters(Class<?> type) {
    List<String> names = new ArrayList<>();
    for (Constructor<?> c : type.getConstructors()) {
      if (c.isAnnotationPresent(DataBoundConstructor.class)) {
        Arrays.stream(c.getParameters()).forEach(p -> names.add(p.getName()));
      }
    }
    for (Method m : type.getMethods()) {
      if (m.isAnnotationPresent(DataBoundSetter.class)) {
        names.add(decapitalised(m.getName().substring("set".length())));
      }
    }
    return names.stream().distinct().sorted().toList();
  }

  static String decapitalised(String name) {
    return name.substring(0, 1).toLowerCase(Locale.ROOT) + name.substring(1);
  }
}
