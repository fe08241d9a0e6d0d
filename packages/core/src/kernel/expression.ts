/** Integer expressions inside kernel sources: a recursive-descent parser over a few tokens. See expand.ts. */
import { InfnetError } from '@infnet/errors';

const TOKEN = /\s*(\d+|[A-Za-z_]\w*|<=|>=|==|!=|&&|\|\||[-+*/%<>!(),])/y;

/** Binary operators by rising precedence. Division is integer division, towards zero. */
const LEVELS: readonly Readonly<Record<string, (a: number, b: number) => number>>[] = [
  { '||': (a, b) => Number(a !== 0 || b !== 0) },
  { '&&': (a, b) => Number(a !== 0 && b !== 0) },
  { '==': (a, b) => Number(a === b), '!=': (a, b) => Number(a !== b) },
  {
    '<': (a, b) => Number(a < b),
    '>': (a, b) => Number(a > b),
    '<=': (a, b) => Number(a <= b),
    '>=': (a, b) => Number(a >= b),
  },
  { '+': (a, b) => a + b, '-': (a, b) => a - b },
  { '*': (a, b) => a * b, '/': (a, b) => Math.trunc(a / b), '%': (a, b) => a % b },
];

/** Value of an integer expression over `scope`. @throws InfnetError `KERNEL_EXPANSION`. */
export function evaluateExpression(text: string, scope: Readonly<Record<string, number>>, where: string): number {
  const tokens = tokenize(text, where);
  let at = 0;

  const fail = (message: string): never => {
    throw new InfnetError({ code: 'KERNEL_EXPANSION', message: `${message} in "${text}"`, where });
  };
  const expect = (token: string): void => {
    if (tokens[at++] !== token) fail(`expected "${token}"`);
  };
  const binary = (level: number): number => {
    const operators = LEVELS[level];
    if (operators === undefined) return unary();
    let left = binary(level + 1);
    for (;;) {
      const apply = operators[tokens[at] ?? ''];
      if (apply === undefined) return left;
      at++;
      left = apply(left, binary(level + 1));
    }
  };
  const unary = (): number => {
    const token = tokens[at++];
    if (token === undefined) return fail('unexpected end');
    if (token === '-') return -unary();
    if (token === '!') return Number(unary() === 0);
    if (token === '(') {
      const value = binary(0);
      expect(')');
      return value;
    }
    if (/^\d/.test(token)) return Number(token);
    if (tokens[at] === '(' && (token === 'min' || token === 'max')) {
      at++;
      const a = binary(0);
      expect(',');
      const b = binary(0);
      expect(')');
      return token === 'min' ? Math.min(a, b) : Math.max(a, b);
    }
    return Object.hasOwn(scope, token) ? (scope[token] as number) : fail(`unknown name "${token}"`);
  };

  const value = binary(0);
  if (at < tokens.length) fail(`unexpected "${tokens[at]}"`);
  // A division by zero would make a condition true and a loop endless.
  return Number.isSafeInteger(value) ? value : fail(`${value} is no integer`);
}

function tokenize(text: string, where: string): string[] {
  const tokens: string[] = [];
  const source = text.trimEnd();
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < source.length) {
    const start = TOKEN.lastIndex;
    const match = TOKEN.exec(source);
    if (!match) {
      const message = `unexpected character at ${start + 1} in "${text}"`;
      throw new InfnetError({ code: 'KERNEL_EXPANSION', message, where });
    }
    tokens.push(match[1] as string);
  }
  return tokens;
}
