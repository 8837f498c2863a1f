import { WebSocketServer } from 'ws';
import { reportToParent } from './serverProcess.ts';
import { streamTokens } from './tokenStream.ts';

/**
 * The reference: plain `ws`, and the least that a chat server can do. A frame asks for a stream, each token is one JSON frame. No database,
 * no order, no resume, no back-pressure.
 */
const wss = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });

wss.on('connection', (ws, request) => {
  request.socket.setNoDelay(true);
  ws.once('message', async (data) => {
    const schedule = JSON.parse(data.toString());
    let seq = 0;
    for await (const delta of streamTokens(schedule)) {
      if (ws.readyState !== ws.OPEN) return;
      ws.send(JSON.stringify({ seq: ++seq, at: Date.now(), type: 'text.delta', delta }));
    }
  });
});

wss.on('listening', () => {
  const address = wss.address();
  if (typeof address === 'object' && address !== null) reportToParent(address.port);
});
