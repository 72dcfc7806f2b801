//! temporary
use std::time::*;
use cloudfw_core::reach;
use cloudfw_estate::*;
fn main() {
    let dir = std::path::PathBuf::from(std::env::args().nth(1).unwrap());
    let e = Estate::open(&[dir.clone()], &OpenOptions::default()).unwrap();
    let i = e.inquiry();
    let text = std::fs::read_to_string(dir.join("queries.txt")).unwrap();
    let qs: Vec<Query> = query::read_queries(&text).into_iter().filter_map(|l| l.query.ok()).take(200).collect();
    let mut t=[Duration::ZERO;3];
    let mut nq=0;
    for q in &qs {
        let a=Instant::now();
        let questions = i.questions(q).unwrap();
        t[0]+=a.elapsed();
        let a=Instant::now();
        for qq in &questions { nq+=1; let _=reach(i.graph(), qq); }
        t[1]+=a.elapsed();
        let a=Instant::now();
        let _=i.reach(q).unwrap();
        t[2]+=a.elapsed();
    }
    println!("{} q: questions {:?} reach {:?} ({nq}) whole {:?}", qs.len(), t[0], t[1], t[2]);
    let a=Instant::now();
    for dest in ["*", "*:443"] { let questions = i.questions(&Query::new("internet",dest)).unwrap();
    println!("internet questions {:?}", a.elapsed());
    let a=Instant::now();
    let n = questions.len();
    let mut bad = 0;
    for qq in &questions { if reach(i.graph(), qq).verdict != cloudfw_core::Verdict::Unreachable { bad += 1; } }
    println!("{dest}: {n} questions, {bad} not unreachable, {:?}", a.elapsed()); }
}
