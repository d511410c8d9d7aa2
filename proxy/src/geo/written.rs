//! Writes small databases for tests, after <https://maxmind.github.io/MaxMind-DB/>.

use std::net::IpAddr;

use serde_json::{Value, json};

const STRING: u8 = 2;
const UINT16: u8 = 5;
const UINT32: u8 = 6;
const MAP: u8 = 7;
const UINT64: u8 = 9;
const ARRAY: u8 = 11;

/// A database of networks and their records. Numbers in records become 32 bits wide.
pub(super) fn database(ip_version: u16, networks: &[(&str, Value)]) -> Vec<u8> {
    let mut tree = Tree {
        nodes: vec![[Child::Nothing; 2]],
    };
    let mut data = Vec::new();
    for (network, record) in networks {
        tree.insert(&bits(ip_version, network), data.len());
        write(&mut data, record);
    }
    let mut file = tree.bytes();
    file.extend([0; 16]);
    file.extend(data);
    file.extend(b"\xab\xcd\xefMaxMind.com");
    write_metadata(&mut file, ip_version, tree.nodes.len() as u32);
    file
}

/// A binary tree over the bits of addresses.
struct Tree {
    nodes: Vec<[Child; 2]>,
}

#[derive(Clone, Copy)]
enum Child {
    Nothing,
    Node(usize),
    Record(usize),
}

impl Tree {
    fn insert(&mut self, bits: &[usize], record: usize) {
        let (last, way) = bits.split_last().unwrap();
        let mut node = 0;
        for bit in way {
            node = match self.nodes[node][*bit] {
                Child::Node(next) => next,
                Child::Nothing => {
                    self.nodes.push([Child::Nothing; 2]);
                    let next = self.nodes.len() - 1;
                    self.nodes[node][*bit] = Child::Node(next);
                    next
                }
                Child::Record(_) => panic!("networks overlap"),
            };
        }
        self.nodes[node][*last] = Child::Record(record);
    }

    fn bytes(&self) -> Vec<u8> {
        let count = self.nodes.len();
        let number = |child: &Child| match child {
            Child::Nothing => count,
            Child::Node(node) => *node,
            Child::Record(offset) => count + 16 + offset,
        };
        let children = self.nodes.iter().flatten();
        children
            .flat_map(|child| (number(child) as u32).to_be_bytes())
            .collect()
    }
}

/// The bits of `address/length`. IPv4 is the lower end of IPv6.
fn bits(ip_version: u16, network: &str) -> Vec<usize> {
    let (address, length) = network.split_once('/').unwrap();
    let mut length: usize = length.parse().unwrap();
    let bytes = match address.parse().unwrap() {
        IpAddr::V4(address) if ip_version == 4 => address.octets().to_vec(),
        IpAddr::V4(address) => {
            length += 96;
            [&[0; 12][..], &address.octets()].concat()
        }
        IpAddr::V6(address) => address.octets().to_vec(),
    };
    let bit = |position: usize| usize::from(bytes[position / 8] >> (7 - position % 8) & 1);
    (0..length).map(bit).collect()
}

/// Here each number has the width that the format demands.
fn write_metadata(out: &mut Vec<u8>, ip_version: u16, node_count: u32) {
    let texts = [
        ("database_type", json!("written for a test")),
        ("description", json!({})),
        ("languages", json!([])),
    ];
    let numbers: [(&str, u8, &[u8]); 6] = [
        ("binary_format_major_version", UINT16, &[2]),
        ("binary_format_minor_version", UINT16, &[0]),
        ("build_epoch", UINT64, &1_780_000_000_u32.to_be_bytes()),
        ("ip_version", UINT16, &ip_version.to_be_bytes()),
        ("node_count", UINT32, &node_count.to_be_bytes()),
        ("record_size", UINT16, &[32]),
    ];
    control(out, MAP, texts.len() + numbers.len());
    for (key, value) in texts {
        write(out, &json!(key));
        write(out, &value);
    }
    for (key, kind, bytes) in numbers {
        write(out, &json!(key));
        control(out, kind, bytes.len());
        out.extend(bytes);
    }
}

fn write(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::String(text) => {
            control(out, STRING, text.len());
            out.extend(text.bytes());
        }
        Value::Number(number) => {
            control(out, UINT32, 4);
            out.extend((number.as_u64().unwrap() as u32).to_be_bytes());
        }
        Value::Object(map) => {
            control(out, MAP, map.len());
            for (key, value) in map {
                write(out, &json!(key));
                write(out, value);
            }
        }
        Value::Array(list) => {
            control(out, ARRAY, list.len());
            list.iter().for_each(|value| write(out, value));
        }
        Value::Bool(_) | Value::Null => panic!("not needed so far"),
    }
}

fn control(out: &mut Vec<u8>, kind: u8, size: usize) {
    assert!(size < 29, "longer ones are written otherwise");
    match kind {
        1..8 => out.push(kind << 5 | size as u8),
        _ => out.extend([size as u8, kind - 7]),
    }
}
