// A Brume process in memory on a free port, and clients for it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const binary = fileURLToPath(new URL('../../bin/brume', import.meta.url));

for (const name of Object.keys(process.env)) {
  if (name.startsWith('AWS_') || name.startsWith('BRUME_')) delete process.env[name];
}
process.env.AWS_CONFIG_FILE = process.env.AWS_SHARED_CREDENTIALS_FILE = '/dev/null';

export async function start() {
  const server = spawn(binary, ['up', '--listen', '127.0.0.1:0', '--ephemeral'], { stdio: ['ignore', 'pipe', 'ignore'] });
  process.once('exit', () => server.kill());
  let url;
  for await (const line of createInterface({ input: server.stdout })) {
    url = /up at (http:\/\/localhost:\d+)/.exec(line)?.[1];
    break;
  }
  if (!url) throw new Error('brume up did not start');
  const clients = [];
  return {
    url,
    client(Client, credentials = { accessKeyId: 'test', secretAccessKey: 'test' }) {
      const c = new Client({ endpoint: url, region: 'us-east-1', credentials, maxAttempts: 1 });
      clients.push(c);
      return c;
    },
    async control(path, body) {
      const answer = await fetch(`${url}/_brume/${path}`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
      });
      if (!answer.ok) throw new Error(await answer.text());
      return answer.json();
    },
    // Asks it to end, and tells its exit status.
    async stop() {
      for (const c of clients) c.destroy();
      const ended = once(server, 'exit');
      server.kill('SIGTERM');
      return (await ended)[0];
    },
  };
}

export const document = (...Statement) => JSON.stringify({ Version: '2012-10-17', Statement });
