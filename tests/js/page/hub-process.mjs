/** The real hub in its own process, for tests of the page's client. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

export class HubProcess {
  #process = spawn(".venv/bin/python", ["-m", "tests.contract.hub_serving"], {
    cwd: ROOT,
    stdio: ["pipe", "pipe", "inherit"],
  });
  #answers = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
  #last = Promise.resolve();

  /** Commands are answered in order. */
  ask(command) {
    this.#last = this.#last.then(async () => {
      this.#process.stdin.write(`${JSON.stringify(command)}\n`);
      return JSON.parse((await this.#answers.next()).value);
    });
    return this.#last;
  }

  /** @returns the realtime settings that a page at this hub would get from the server */
  async start(user) {
    const { port } = await this.ask({ start: true });
    return { channel: `user:${user}`, endpoint: "127.0.0.1", port, tls: false, embedded: true };
  }

  end() {
    this.#process.stdin.end();
    return new Promise((done) => this.#process.once("exit", done));
  }
}
