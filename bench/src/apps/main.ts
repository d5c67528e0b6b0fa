import { startBareServer } from './bare-server.js';
import { startNestApp } from './nest-app.js';
import { profileOnOrder } from './profiler.js';

/** The process of a server: tells its parent the port. */
const [family = '', route = ''] = process.argv.slice(2);
const port = await (family === 'node' ? startBareServer() : startNestApp(family, route));
profileOnOrder();
process.send?.({ port });
