/** The process of one peer: answers the parent's requests, one at a time. */
import { makePeer } from './peer-table.js';
import { messageOf, type PeerName, type Reply, type Request } from './protocol.js';

/** Serves until the parent goes. */
export async function serve(name: PeerName): Promise<void> {
  const answers = await makePeer(name);
  process.on('message', (request: Request) => {
    const reply = (answer: Reply): void => void process.send?.(answer);
    answers.answer(request).then(
      (value) => reply({ id: request.id, ok: true, value }),
      (error: unknown) => reply({ id: request.id, ok: false, error: messageOf(error) }),
    );
  });
  process.on('disconnect', () => process.exit());
  process.send?.('ready');
}
