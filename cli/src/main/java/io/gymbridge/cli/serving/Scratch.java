package io.gymbridge.cli.serving;

import java.nio.file.*;
import java.util.*;

public final class Scratch {
  public static void main(String[] a) throws Exception {
    Path folder = Files.createTempDirectory("scr");
    BenchPolicy one = BenchPolicy.create(1);
    Files.createDirectories(folder.resolve("bench"));
    one.bundle().write(folder.resolve("bench/1.zip"));
    try (PolicyProcess p =
            PolicyProcess.serve(
                io.gymbridge.cli.Main.class,
                folder,
                a.length > 1 && a[1].equals("tcp")
                    ? "127.0.0.1:0"
                    : "unix:" + folder.resolve("s.sock"));
        ServerTimes times = new ServerTimes(p.address())) {
      if (a[0].equals("closed")) {
        for (String kind : List.of("stream", "unary")) {
          for (int n : new int[] {1, 8, 32, 128}) {
            Callers c =
                kind.equals("stream")
                    ? Callers.streams(p.address(), n, 8)
                    : Callers.unary(p.address(), n, 8);
            try (ClosedLoop l = new ClosedLoop(c, times)) {
              l.run(1);
              System.out.println(kind + " " + n + " " + l.run(1.5));
            }
          }
        }
      } else if (a[0].equals("overload")) {
        List<Process> ps = new ArrayList<>();
        int g = Integer.parseInt(a[2]);
        for (int i = 0; i < g; i++) {
          List<String> cmd = PolicyProcess.java(Generator.class);
          cmd.addAll(List.of(p.address(), "" + Double.parseDouble(a[3]) / g, a[4], a[5]));
          ps.add(new ProcessBuilder(cmd).inheritIO().start());
        }
        for (Process q : ps)
          while (!q.waitFor(1, java.util.concurrent.TimeUnit.SECONDS))
            System.out.println(p.residentMegabytes());
      } else {
        List<BenchPolicy> v = new ArrayList<>();
        long t = System.nanoTime();
        int n = Integer.parseInt(a[2]);
        for (int i = 0; i < n; i++) v.add(i == 0 ? one : BenchPolicy.create(i + 1));
        System.out.println("made in " + (System.nanoTime() - t) / 1e9);
        SwapTrial.Result r =
            new SwapTrial(p.address(), v, Double.parseDouble(a[3]), Double.parseDouble(a[4]), 32)
                .run(() -> {});
        System.out.println(
            r.ratio()
                + " "
                + r.correct()
                + " failed "
                + r.failed()
                + " mis "
                + r.misrouted()
                + " oos "
                + r.outOfService()
                + " seen "
                + r.versionsSeen());
        System.out.println(Arrays.toString(r.withSwap()));
        System.out.println(Arrays.toString(r.without()));
        System.out.println(Arrays.toString(r.publishMillis()));
      }
    }
  }
}
