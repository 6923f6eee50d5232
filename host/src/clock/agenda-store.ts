import { MongoBackend } from '@agendajs/mongo-backend';
import type { AgendaBackend } from 'agenda';
import { KnexBackend } from 'agenda-knex';
import { GlueError, messageOf, type Database } from 'glue-core';
import { MongoClient } from 'mongodb';
import type { HostConfig } from '../config/config-schema.js';

/** How long the store may take to answer at start, in milliseconds. */
const CONNECT_TIMEOUT_MS = 5_000;
/** No answer to a running operation within this time counts as a failure, in milliseconds. */
const ANSWER_TIMEOUT_MS = 10_000;

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
export async function openAgendaStore(config: HostConfig['clock'], database: Database): Promise<AgendaStore> {
  try {
    return config.store === 'mongodb' ? await openMongo(config.url) : await openKnex(database);
  } catch (error) {
    const place = config.store === 'mongodb' ? `MongoDB at ${hostsOf(config.url)}` : 'the database';
    throw new GlueError(
      'GLUE_CLOCK_UNAVAILABLE',
      `Agenda's store, ${place}, cannot be used: ${messageOf(error)}`,
      {
        cause: error,
      },
    );
  }
}

/** On the host's own connection: SQLite has one writer anyway, and there is one thing less to configure and to lose. */
async function openKnex(database: Database): Promise<AgendaStore> {
  const knex = new KnexBackend({
    knex: database,
    tablePrefix: 'glue_agenda_',
    connectTimeoutMs: CONNECT_TIMEOUT_MS,
  });
  await knex.connect();
  return { backend: connected(knex), close: () => knex.disconnect() };
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
