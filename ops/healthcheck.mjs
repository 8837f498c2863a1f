// Ends with 0 when the server of this container answers: an image without curl has Node.
import http from 'node:http';
import https from 'node:https';

const { VERBATIM_PORT, PORT, VERBATIM_TLS_CERT } = process.env;
const port = Number(VERBATIM_PORT || PORT || 3000);
// Its certificate is of another name than 127.0.0.1.
const options = { host: '127.0.0.1', port, path: '/health', timeout: 4_000, rejectUnauthorized: false };
const request = (VERBATIM_TLS_CERT ? https : http).get(options, ({ statusCode }) => process.exit(statusCode === 200 ? 0 : 1));
request.on('timeout', () => process.exit(1));
request.on('error', () => process.exit(1));
