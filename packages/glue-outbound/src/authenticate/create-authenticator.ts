import { apiKeyProblem, basicCredentials, bearerProblem, usernameOf } from 'glue-core';
import type { Authentication } from '../endpoint/authentication.js';
import type { SecretMeans, Unusable } from '../sign/secret-means.js';
import { authenticateBySecret } from './authenticate-by-secret.js';
import { authenticateByToken } from './authenticate-by-token.js';
import type { Authenticator } from './authenticator.js';
import { withAuthorization, withApiKey } from './write-credentials.js';

/** @returns the reason when nobody could be named */
export function createAuthenticator(
  authentication: Authentication,
  means: SecretMeans,
): Authenticator | Unusable {
  switch (authentication.mode) {
    case 'basic': {
      const username = usernameOf(authentication, means.backend?.settings);
      if (typeof username !== 'string') return username;
      return authenticateBySecret(authentication.secrets, means, {
        problem: passwordProblem,
        form: (password) => basicCredentials(username, password),
        write: (request, credentials) => withAuthorization(request, 'Basic', credentials),
      });
    }
    case 'bearer':
      return authenticateBySecret(authentication.secrets, means, {
        problem: bearerProblem,
        form: (token) => token,
        write: (request, token) => withAuthorization(request, 'Bearer', token),
      });
    case 'api-key': {
      const { key } = authentication;
      return authenticateBySecret(authentication.secrets, means, {
        problem: sendableKeyProblem,
        form: (secret) => secret,
        write: (request, secret) => withApiKey(request, key, secret),
      });
    }
    case 'oauth2':
      return authenticateByToken(authentication, means);
    case 'mtls':
    case 'none':
      return { authenticate: (request) => ({ request }), secrets: () => [], warnings: [] };
  }
}

function passwordProblem(password: string): string | undefined {
  if (!password.isWellFormed()) return 'is no text';
  return /\p{Cc}/u.test(password)
    ? 'has control characters, which a password cannot have (RFC 7617)'
    : undefined;
}

function sendableKeyProblem(key: string): string | undefined {
  if (!key.isWellFormed()) return 'is no text';
  return /\p{Cc}/u.test(key) ? 'has control characters, which no header can have' : apiKeyProblem(key);
}
