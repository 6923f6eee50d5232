import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openDatabase } from 'glue-core';
import Stripe from 'stripe';

const webhookSecret = 'whsec_dGhlIHNlY3JldCBvZiB0aGUgY3Jhc2ggdGVzdA';
const stripe = new Stripe('sk_test_crash');
const KILLS = 3;
const SENDERS = 8;
/** Deliveries that one endpoint sends at once: as many may be unrecorded at a kill. */
const IN_FLIGHT = 10;

describe('a host that is killed (-9) under load, again and again', () => {
  let folder: string;
  let sink: Server;
  let child: ChildProcess | undefined;
  /** How often each delivery reached the receiver, by idempotency key. */
  const received = new Map<string, number>();

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'glue-crash-'));
    sink = createServer((request, response) => {
      const key = String(request.headers['idempotency-key']);
      request.resume().on('end', () => {
        received.set(key, (received.get(key) ?? 0) + 1);
        response.end('{}');
      });
    });
    await new Promise<void>((done) => sink.listen(0, '127.0.0.1', done));
    const config = {
      host: { name: 'crash', port: 0 },
      dataFolder: join(folder, 'data'),
      connectors: { enabled: ['stripe'], folders: [resolve('plugins')], egress: { stripe: ['127.0.0.1'] } },
      outbound: { allow: { cidrs: ['127.0.0.1/32'] } },
      log: { level: 'warn', pretty: false },
      backends: [
        {
          type: 'stripe',
          name: 'Stripe',
          settings: {
            webhookSecret,
            apiKey: 'sk_test_crash',
            apiBaseUrl: `http://127.0.0.1:${(sink.address() as AddressInfo).port}`,
          },
          provision: true,
        },
      ],
    };
    writeFileSync(join(folder, 'glue.config.json'), JSON.stringify(config));
  });

  afterEach(async () => {
    child?.kill('SIGKILL');
    await new Promise((done) => sink.close(done).closeAllConnections());
    rmSync(folder, { recursive: true });
  });

  /** Starts the built host as a process of its own; resolves with its URL. */
  function startHost(): Promise<string> {
    const args = ['host/dist/bin/glue.js', 'start', '--config', join(folder, 'glue.config.json')];
    const started = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    child = started;
    return new Promise((done, fail) => {
      let text = '';
      const take = (chunk: Buffer): void => {
        text += chunk.toString('utf8');
        const url = /Glue is running at (http:\S+)/.exec(text)?.[1];
        if (url !== undefined) done(url);
      };
      started.stdout.on('data', take);
      started.stderr.on('data', take);
      started.once('exit', () => fail(new Error(`the host ended: ${text}`)));
    });
  }

  async function kill(): Promise<void> {
    const ended = new Promise((done) => child?.once('exit', done));
    child?.kill('SIGKILL');
    await ended;
  }

  /** Posts one signed event; true when it was accepted. */
  async function post(url: string, id: string): Promise<boolean> {
    const body = JSON.stringify({
      id,
      type: 'payment_intent.succeeded',
      data: { object: { id: `pi_${id}` } },
    });
    const signature = stripe.webhooks.generateTestHeaderString({ payload: body, secret: webhookSecret });
    const headers = { 'content-type': 'application/json', 'stripe-signature': signature };
    try {
      const answer = await fetch(`${url}/webhooks/in/stripe-1-inbound`, { method: 'POST', headers, body });
      await answer.text();
      return answer.status === 202;
    } catch {
      return false; // The host is gone: the provider would try again, this test does not.
    }
  }

  it('loses nothing that it accepted, and repeats only what it could not record', async () => {
    const accepted = new Set<string>();
    for (let round = 0; round <= KILLS; round += 1) {
      const url = await startHost();
      const target = accepted.size + 150;
      let ending: Promise<void> | undefined;
      const send = async (sender: number): Promise<void> => {
        for (let n = 0; !ending; n += 1) {
          const id = `evt_${round}_${sender}_${n}`;
          if (await post(url, id)) accepted.add(id);
          // The others are in the middle of theirs.
          if (accepted.size >= target) ending ??= round < KILLS ? kill() : Promise.resolve();
        }
      };
      await Promise.all(Array.from({ length: SENDERS }, (_, sender) => send(sender)));
      await ending;
    }

    const database = openDatabase({
      client: 'sqlite',
      file: join(folder, 'data/glue.db'),
      durability: 'fast',
    });
    try {
      const unfinished = async (): Promise<number> => {
        const counts = await Promise.all(
          ['glue_events', 'glue_deliveries'].map((table) => database(table).whereNot({ state: 'done' })),
        );
        return counts.flat().length;
      };
      for (let turn = 0; turn < 150 && (await unfinished()) > 0; turn += 1)
        await new Promise((done) => setTimeout(done, 100));
      expect(await unfinished()).toBe(0);
      expect(await database('glue_events').whereNotNull('owner')).toEqual([]);
      const events = (await database('glue_events').select('delivery_key')) as { delivery_key: string }[];
      const stored = new Set(events.map((event) => event.delivery_key));
      expect([...accepted].filter((id) => !stored.has(id))).toEqual([]);
      expect([...stored].filter((id) => !received.has(id))).toEqual([]);
      const repeated = [...received.values()].filter((times) => times > 1);
      expect(repeated.length).toBeLessThanOrEqual(KILLS * IN_FLIGHT);
      expect(accepted.size).toBeGreaterThanOrEqual(150 * (KILLS + 1));
    } finally {
      await database.destroy();
    }
  }, 90_000);
});
