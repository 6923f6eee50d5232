import { describe, expect, it } from '@jest/globals';
import { nodeComplaint } from '../src/bin/node-version.js';

describe('the check of the Node version', () => {
  it.each(['22.22.2', '22.23.0', '23.0.0', '24.21.0', '100.0.0'])('lets %s pass', (version) => {
    expect(nodeComplaint(version)).toBeUndefined();
  });

  it.each(['22.22.1', '22.9.10', '20.20.2', '9.11.2', '0.12.18'])('refuses %s', (version) => {
    expect(nodeComplaint(version)).toContain(`found:  Node ${version}`);
  });

  it('says what is needed and what to do', () => {
    const complaint = nodeComplaint('20.20.2');
    expect(complaint).toMatch(/^GLUE_NODE_UNSUPPORTED/);
    expect(complaint).toContain('needed: Node 22.22.2 or newer');
    expect(complaint).toContain('npm start');
  });
});
