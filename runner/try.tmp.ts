import { createRequire } from "node:module"; const require=createRequire(import.meta.url);
import { serve } from "./src/link/serve.ts";
import { playSupervisor } from "./src/link/played-supervisor.ts";
import { mkdtempSync } from "node:fs";
import { spawn } from "node:child_process";
const dir = mkdtempSync("/tmp/r/s-"); const socket = dir+"/s.sock";
const sup = playSupervisor(socket); await sup.listen();
const external = process.argv[2] !== undefined;
let child:any;
if (external) { child = spawn(process.execPath, process.argv[2]==="src"?["src/main.ts","--socket",socket,"--id","r1","--boot","1","--data-dir",dir]:[process.argv[2]!,"--socket",socket,"--id","r1","--boot","1","--data-dir",dir],{stdio:["pipe","inherit","inherit"],detached:true}); child.stdin.end("secret\n"); }
else serve({workshop:{runnerId:"r1",dataDir:dir,environment:process.env,node:process.execPath,demoCli:process.cwd()+"/src/clis/demo/demo-cli.ts"},socketPath:socket,boot:1n,token:"t",capacity:4,newId:()=>Math.random().toString(36).slice(2),longestUselessMs:5000});
console.log(await sup.next("hello"));
let n=0;
const step = async (cmd:string[]) => {
  const { requestId } = await sup.next("acquire");
  sup.send({case:"grant",value:{requestId,executionId:"e"+ ++n,fence:BigInt(n),taskId:"t",workspaceId:"w",directoryMode:1,input:{agentName:"A",workspaceTitle:"W",answerSchema:"{}"},cli:{name:"x",adapter:{case:"custom",value:{command:cmd,promptBy:1,outputFormat:1}}},limits:{}}});
  return await sup.next("complete");
};
console.log(await step(["sh","-c","echo hi; cat"]));
await new Promise(d=>setTimeout(d,100));
console.log(sup.log("e1").map(l=>l.text));
const bare = (cmd:string[])=>new Promise(d=>{const p=spawn(cmd[0]!,cmd.slice(1),{detached:true,stdio:["pipe","pipe","pipe"]});p.stdin!.end();p.stdout!.on("data",()=>{});p.on("close",d)});
for (const cmd of [["/bin/true"],["sh","-c","echo hi"]]) {
  const a:number[]=[],b:number[]=[];
  const rcpu=()=>{ if(!child) {const u=process.cpuUsage();return u.user+u.system} const s=require("fs").readFileSync(`/proc/${child.pid}/stat`,"utf8").split(") ")[1].split(" ");return (Number(s[11])+Number(s[12]))*10000;};
  for(let i=0;i<20;i++){await step(cmd);await bare(cmd)}
  let cpu=0;
  for(let i=0;i<200;i++){let t=performance.now();const c=rcpu();await step(cmd);cpu+=rcpu()-c;a.push(performance.now()-t);t=performance.now();await bare(cmd);b.push(performance.now()-t)}
  const med=(x:number[])=>x.sort((p,q)=>p-q)[x.length>>1]!.toFixed(2);
  console.log(cmd.join(" "),"step",med(a),"bare",med(b),"runner cpu/step ms",(cpu/200/1000).toFixed(2));
}
if (child) process.kill(child.pid,"SIGTERM");
await new Promise(d=>setTimeout(d,300));
process.exit(0);
