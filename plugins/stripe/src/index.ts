import { defineConnector } from 'glue-core';
import { RecordOnlyHandler } from './record-only-handler.js';
import { StripeBackend } from './stripe-backend.js';

export default defineConnector({ backends: [StripeBackend], handlers: [RecordOnlyHandler] });
