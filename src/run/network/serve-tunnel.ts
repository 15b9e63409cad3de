/** A tunnel that was asked for, whatever the language: joined as it is, or opened for the headers that its host gets. */
import type { ConnectContext } from "./connect-destination.ts";
import { joinTunnel } from "./guard-server-name.ts";
import type { InjectedTunnel, TunnelAnswers } from "./serve-injected.ts";

/** Serves it. */
export async function serveTunnel(
  tunnel: InjectedTunnel,
  context: ConnectContext,
  answers: TunnelAnswers,
): Promise<void> {
  const { job, rest, host, destination } = tunnel;
  if (context.injector?.find(destination) !== undefined) {
    const { serveInjected } = await import("./serve-injected.ts");
    return serveInjected(tunnel, context, answers);
  }
  answers.accept();
  joinTunnel(job, rest, host, destination, context);
}
