package jenkins.scm.api.mixin;

/** A signature, see the README. */
public interface ChangeRequestSCMHead extends SCMHeadMixin {}
