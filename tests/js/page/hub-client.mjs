/**
 * A real ably-js client, driven line by line: JSON commands on stdin, JSON events on stdout.
 *
 * Its one argument is JSON: {endpoint, port, channel, binary?, clientId?}. Whenever the client wants
 * a token it prints {event: "token-wanted"} and takes the next {token} or {refuse: status} command.
 */
import { createInterface } from "node:readline";
import Ably from "ably";

const settings = JSON.parse(process.argv[2]);
const waiting = [];
const offered = [];

const print = (event) => process.stdout.write(`${JSON.stringify(event)}\n`);

const realtime = new Ably.Realtime({
  endpoint: settings.endpoint,
  port: settings.port,
  tls: false,
  useBinaryProtocol: settings.binary ?? false,
  disableConnectivityCheck: true,
  wsConnectivityCheckUrl: `ws://${settings.endpoint}:${settings.port}/`,
  transports: ["web_socket"],
  disconnectedRetryTimeout: 200,
  logLevel: 0,
  authCallback: (_, callback) => {
    print({ event: "token-wanted" });
    waiting.push(callback);
    answerTokenRequests();
  },
});

realtime.connection.on((change) =>
  print({ event: "connection", state: change.current, code: change.reason?.code ?? null }),
);

const channel = realtime.channels.get(settings.channel, { modes: ["SUBSCRIBE"] });
channel.on((change) =>
  print({
    event: "channel",
    state: change.current,
    resumed: change.resumed ?? null,
    code: change.reason?.code ?? null,
  }),
);
channel
  .subscribe((message) =>
    print({ event: "message", id: message.id, name: message.name, data: message.data }),
  )
  .catch(() => undefined);

function answerTokenRequests() {
  while (waiting.length && offered.length) {
    const answer = offered.shift();
    const refusal = answer.refuse && { statusCode: answer.refuse, code: 40170, message: "refused" };
    waiting.shift()(refusal ?? null, answer.token);
  }
}

async function publish() {
  const error = await channel.publish("changed", {}).then(
    () => null,
    (problem) => problem.code,
  );
  print({ event: "published", code: error });
}

for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  if (command.token || command.refuse) {
    offered.push(command);
    answerTokenRequests();
  }
  if (command.publish) publish();
  if (command.ping) realtime.connection.ping().then(() => print({ event: "pong" }));
  if (command.detach) channel.detach();
  if (command.close) realtime.close();
}
process.exit(0);
