/** Version of the contract between host and connectors. Additive changes keep it. */
export const CONTRACT_VERSION = 1;
