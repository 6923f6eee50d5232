import { MongoBackend } from '@agendajs/mongo-backend';
import type { AgendaBackend } from 'agenda';
import { KnexBackend } from 'agenda-knex';
import { GlueError, messageOf, openDatabase, type Database } from 'glue-core';
import { MongoClient } from 'mongodb';
import type { HostConfig } from '../config/config-schema.js';

/** How long the store may take to answer at start, in milliseconds. */
const CONNECT_TIMEOUT_MS = 5_000;
/** No answer to a running operation within this time counts as a failure, in milliseconds. */
const ANSWER_TIMEOUT_MS = 10_000;

/**
 * Connections of Agenda's own to MySQL: on a server that is slow, its polling must not take those that ingest waits for.
 * A job takes milliseconds, so few do.
 */
const POOL_SIZE = 3;

/** What of the config says where Agenda's store is. */
export type AgendaConfig = Pick<HostConfig, 'clock' | 'database'>;

/** Where Agenda keeps its jobs: reached already, so that Agenda's own connecting cannot fail. */
export interface AgendaStore {
  readonly backend: AgendaBackend;
  close(): Promise<void>;
}

/**
 * Reaches the store and brings its tables up to date. Agenda itself would connect in its constructor, leave a
 * refusal unhandled and then wait in `start()` for ever; so this comes first.
 * @throws GLUE_CLOCK_UNAVAILABLE
 */
export async function openAgendaStore(config: AgendaConfig, database: Database): Promise<AgendaStore> {
  const { clock } = config;
  try {
    return clock.store === 'mongodb' ? await openMongo(clock.url) : await openKnex(config.database, database);
  } catch (error) {
    const place = clock.store === 'mongodb' ? `MongoDB at ${hostsOf(clock.url)}` : 'the database';
    throw new GlueError(
      'GLUE_CLOCK_UNAVAILABLE',
      `Agenda's store, ${place}, cannot be used: ${messageOf(error)}`,
      {
        cause: error,
      },
    );
  }
}

/** In the host's database: by connections of its own, but on SQLite, which has one writer anyway. */
async function openKnex(config: AgendaConfig['database'], shared: Database): Promise<AgendaStore> {
  const own = config.client === 'mysql' ? openDatabase({ ...config, poolSize: POOL_SIZE }) : undefined;
  const knex = new KnexBackend({
    knex: own ?? shared,
    tablePrefix: 'glue_agenda_',
    connectTimeoutMs: CONNECT_TIMEOUT_MS,
  });
  const close = async (): Promise<void> => {
    await knex.disconnect();
    await own?.destroy();
  };
  try {
    await knex.connect();
  } catch (error) {
    await close();
    throw error;
  }
  return { backend: connected(knex), close };
}

async function openMongo(url: string): Promise<AgendaStore> {
  const client = new MongoClient(url, {
    serverSelectionTimeoutMS: CONNECT_TIMEOUT_MS,
    connectTimeoutMS: CONNECT_TIMEOUT_MS,
    socketTimeoutMS: ANSWER_TIMEOUT_MS,
    appName: 'glue',
  });
  try {
    await client.connect();
    const mongo = new MongoBackend({ mongo: client.db(), collection: 'glue_agenda_jobs' });
    await mongo.connect();
    return { backend: connected(mongo), close: () => client.close() };
  } catch (error) {
    await client.close();
    throw error;
  }
}

/** The backend as Agenda gets it: connecting and closing are done here. */
function connected({ name, repository }: AgendaBackend): AgendaBackend {
  return { name, repository, ownsConnection: false, connect: async () => {}, disconnect: async () => {} };
}

/** The host part of a MongoDB URL, without user and password. */
function hostsOf(url: string): string {
  return /^[a-z+]+:\/\/(?:[^@/]*@)?([^/?]*)/.exec(url)?.[1] ?? '';
}
