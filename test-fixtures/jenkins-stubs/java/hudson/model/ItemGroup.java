package hudson.model;

/** A signature, see the README. */
public interface ItemGroup<T extends Item> extends ModelObject {
  String getFullName();
}
