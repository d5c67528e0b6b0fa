import { register } from 'node:module';

// Imported before the sample app, this stands a client in for the SDK, which need not be installed here. The real one is
// driven by test/integration.
register('./resolve.js', import.meta.url);
