package io.gymbridge.cli;

import io.gymbridge.client.PolicyAdmin;
import io.gymbridge.policies.PolicyBundle;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Looks after the policies of a server that runs. */
@Command(
    name = "policies",
    mixinStandardHelpOptions = true,
    description = "Lists, publishes and labels the policies of a server.",
    synopsisSubcommandLabel = "COMMAND",
    footer = {
      "",
      "Examples:",
      "  gymbridge policies list --address 127.0.0.1:50052",
      "  gymbridge policies publish cheetah new.zip --label canary",
      "  gymbridge policies serve cheetah --latest 2 --label stable=3 --label canary=4 --canary-share 0.1"
    })
final class PoliciesCommand {
  /** The server that a command talks to. */
  static final class Server {
    @Option(
        names = "--address",
        defaultValue = "127.0.0.1:50052",
        description = "unix:PATH or HOST:PORT. Default: ${DEFAULT-VALUE}.")
    String address = "";

    @Mixin final CredentialOptions credentials = new CredentialOptions();

    int with(Consumer<PolicyAdmin> work) {
      try (PolicyAdmin admin = PolicyAdmin.connect(address, credentials.credentials())) {
        work.accept(admin);
      }
      return Main.OK;
    }
  }

  @Command(
      name = "list",
      mixinStandardHelpOptions = true,
      description = "Shows what is in service, as what, and what was refused and why.")
  int list(@Mixin Server server) {
    return server.with(admin -> show(admin.list()));
  }

  @Command(
      name = "publish",
      mixinStandardHelpOptions = true,
      description = {
        "Puts a bundle into service as a new version of a policy, new or known. The server checks it first, and episodes",
        "that have begun go on with the version that they began with. Needs the right \"publish\"."
      })
  int publish(
      @Mixin Server server,
      @Parameters(paramLabel = "POLICY", description = "The policy's name.") String policy,
      @Parameters(paramLabel = "FILE", description = "A policy bundle.") Path file,
      @Option(
              names = "--as",
              paramLabel = "VERSION",
              defaultValue = "",
              description = "Default: the next number.")
          String version,
      @Option(names = "--label", paramLabel = "LABEL", description = "Labels it; may be repeated.")
          List<String> labels) {
    byte[] bundle = PolicyBundle.read(file).toBytes();
    return server.with(
        admin -> {
          PolicyAdmin.Published published =
              admin.publish(policy, bundle, version, labels == null ? List.of() : labels);
          System.out.printf(
              "%s: version %s (%s)%n", policy, published.version(), published.digest());
          published.checks().forEach(check -> System.out.println("  " + check));
        });
  }

  @Command(
      name = "serve",
      mixinStandardHelpOptions = true,
      description = "Says which versions of a policy are in service. Needs the right \"admin\".")
  int serve(
      @Mixin Server server,
      @Parameters(paramLabel = "POLICY", description = "The policy's name.") String policy,
      @Option(
              names = "--latest",
              paramLabel = "N",
              defaultValue = "0",
              description = "The newest so many. Default: 1, if --only is not given.")
          int latest,
      @Option(
              names = "--only",
              paramLabel = "VERSION",
              description = "This one, and no others; may be repeated.")
          List<String> versions,
      @Option(
              names = "--label",
              paramLabel = "LABEL=VERSION",
              description =
                  "Labels a version, which is in service then; may be repeated. \"stable\" answers those who name none.")
          Map<String, String> labels,
      @Option(
              names = "--canary-share",
              paramLabel = "SHARE",
              defaultValue = "0",
              description =
                  "Share (0 … 1) of the episodes without a wish that the version labelled \"canary\" gets.")
          double canaryShare) {
    List<String> named = versions == null ? List.of() : versions;
    PolicyAdmin.Lineup lineup =
        new PolicyAdmin.Lineup(
            named.isEmpty() && latest == 0 ? 1 : latest,
            named,
            labels == null ? Map.of() : labels,
            canaryShare);
    return server.with(admin -> show(List.of(admin.configure(policy, lineup))));
  }

  private static void show(List<PolicyAdmin.Summary> policies) {
    TextTable table = new TextTable("policy", "version", "digest", "as");
    for (PolicyAdmin.Summary policy : policies) {
      policy
          .versions()
          .forEach(
              (version, digest) ->
                  table.row(
                      policy.name(), version, digest, String.join(", ", roles(policy, version))));
    }
    System.out.print(table);
    Map<String, String> refused = new LinkedHashMap<>();
    policies.forEach(
        policy ->
            policy
                .refused()
                .forEach((version, why) -> refused.put(policy.name() + "/" + version, why)));
    refused.forEach((version, why) -> System.out.println("refused " + version + ": " + why));
  }

  private static List<String> roles(PolicyAdmin.Summary policy, String version) {
    List<String> roles = new ArrayList<>();
    if (version.equals(policy.version())) {
      roles.add("in service");
    }
    policy
        .labels()
        .forEach(
            (label, labelled) -> {
              if (labelled.equals(version)) {
                roles.add(label);
              }
            });
    return roles;
  }
}
