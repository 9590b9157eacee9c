import { describe, expect, it } from 'vitest';
import { controlKinds, defectKinds, plantingSource } from './planting-source.ts';

const ROUTER = `// The routes of the service.
use axum::middleware::from_fn;
use crate::guards::{require_key, RequireOwner};

pub fn router() -> Router {
    Router::new()
        .route("/jobs", get(list_jobs))
        .route("/pay", get(read_pay))
        .layer(from_fn(require_key))
}

async fn read_pay(_owner: RequireOwner, body: String) -> Result<String, String> {
    check_length(&body)?;
    if !validate_name(&body) {
        return Err(body);
    }
    let clean = body.trim().to_string();
    Ok(clean)
}

fn check_length(body: &str) -> Result<(), String> {
    let length = body.len();
    if length > 80 { Err(body.to_string()) } else { Ok(()) }
}

fn validate_name(body: &str) -> bool {
    let first = body.chars().next().unwrap();
    first.is_alphabetic()
}

#[cfg(test)]
mod tests {
    use super::*;
    #[test]
    fn names_begin_with_a_letter() {
        let answer = validate_name("1");
        assert!(!answer);
    }
    #[test]
    fn opens() {
        check_length("a").unwrap();
        assert!(validate_name("a"));
    }
}
`;
const GUARDS = `use subtle::ConstantTimeEq;

pub async fn require_key(request: Request, next: Next) -> Response {
    let given = request.headers().get("x-api-key").unwrap();
    if bool::from(KEY.ct_eq(given)) { next.run(request).await } else { refuse() }
}

pub struct RequireOwner;
impl<S> FromRequestParts<S> for RequireOwner {
    type Rejection = StatusCode;
    async fn from_request_parts(parts: &mut Parts) -> Result<Self, StatusCode> {
        Ok(RequireOwner)
    }
}

fn mac_of(bytes: &[u8], tag: &[u8]) -> Result<(), MacError> {
    let mut mac = HmacSha256::new_from_slice(KEY)?;
    mac.update(bytes);
    mac.verify_slice(tag)
}
`;
const files = new Map([
  ['src/main.rs', 'mod router;\nmod guards;\nfn main() { serve(router::router()); }\n'],
  ['src/router.rs', ROUTER],
  ['src/guards.rs', GUARDS],
]);
const source = (path: string) => plantingSource({ name: 'jobs', files }, path, files.get(path) ?? '');
const planted = (path: string, kind: string) => (source(path)?.defects(kind) ?? []).map(({ text }) => text);

describe('defects in Rust', () => {
  it('are there of every kind, and every file still parses', () => {
    for (const kind of defectKinds('rust').keys()) {
      const texts = ['src/router.rs', 'src/guards.rs'].flatMap((path) =>
        planted(path, kind).map((text) => ({ path, text })),
      );
      expect(texts.length, kind).toBeGreaterThan(0);
      for (const { path, text } of texts)
        expect(plantingSource({ name: 'jobs', files }, path, text), `${kind}\n${text}`).not.toBeNull();
    }
  });

  it.each([
    ['a call of enforcement dropped', 'src/router.rs', ['    ();\n    if !validate_name', '    if false {']],
    ['a registration dropped', 'src/router.rs', ['get(read_pay))\n}']],
    ['a guard taken off a route', 'src/router.rs', ['fn read_pay(body: String)']],
    [
      'a route moved past its guard',
      'src/router.rs',
      ['.layer(from_fn(require_key))\n        .route("/pay"'],
    ],
    [
      'a constant-time compare replaced',
      'src/guards.rs',
      ['if (KEY == given) {', 'mac.finalize().into_bytes()[..] == tag[..]'],
    ],
    ['a test emptied', 'src/router.rs', ['let answer = validate_name("1");\n        \n']],
    ['a test made constant', 'src/router.rs', ['let answer = validate_name("1");\n        assert!(true);\n']],
  ])('%s', (kind, path, expected) => {
    const texts = planted(path, kind);
    expect(texts).toHaveLength(expected.length);
    for (const part of expected)
      expect(
        texts.some((text) => text.includes(part)),
        part,
      ).toBe(true);
  });

  it('are none where a library offers the name, another place calls it, or the rest of a test may fail', () => {
    const library = new Map([...files].filter(([path]) => path !== 'src/main.rs'));
    const guards = plantingSource({ name: 'jobs', files: library }, 'src/router.rs', ROUTER);
    expect(guards?.defects('a registration dropped')).toEqual([]);
    const twice = new Map([
      ...files,
      ['src/other.rs', 'fn other() { check_length("a"); validate_name("a"); }\n'],
    ]);
    const called = plantingSource({ name: 'jobs', files: twice }, 'src/router.rs', ROUTER);
    expect(called?.defects('a call of enforcement dropped')).toEqual([]);
  });

  it('have controls of every kind that change the text and still parse', () => {
    for (const kind of controlKinds('rust')) {
      const text = source('src/router.rs')?.control(kind) ?? null;
      expect(text, kind).not.toBeNull();
      expect(plantingSource({ name: 'jobs', files }, 'src/router.rs', text ?? '{'), kind).not.toBeNull();
    }
  });
});

it('names the functions and types around a place in either language', () => {
  expect(source('src/router.rs')?.symbolAt(ROUTER.indexOf('let answer'))).toBe(
    'tests.names_begin_with_a_letter',
  );
  expect(source('src/guards.rs')?.symbolAt(GUARDS.indexOf('Ok(RequireOwner)'))).toBe(
    'RequireOwner.from_request_parts',
  );
  const script = plantingSource({ name: 'a', files: new Map() }, 'a.ts', 'function f() {\n  return 1;\n}\n');
  expect(script?.symbolAt(17)).toBe('f');
});

it('is there for no other language, and for nothing that does not parse', () => {
  expect(plantingSource({ name: 'a', files: new Map() }, 'a.py', 'x = 1\n')).toBeNull();
  expect(plantingSource({ name: 'a', files: new Map() }, 'a.rs', 'fn ( {\n')).toBeNull();
  expect(plantingSource({ name: 'a', files: new Map() }, 'a.d.ts', 'export const a: number;\n')).toBeNull();
});
