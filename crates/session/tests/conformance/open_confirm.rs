//! Every event in OpenConfirm.

use crate::table::rows;

rows! { OpenConfirm
    open_confirm_manual_start: ManualStart, Plain => [], OpenConfirm, live;
    open_confirm_manual_stop: ManualStop, Plain => [SendNotification, StopConnectRetry, Drop, ZeroRetryCounter], Idle, live;
    open_confirm_automatic_start: AutomaticStart, Plain => [], OpenConfirm, never "an automatic start is only raised in Idle";
    open_confirm_manual_start_passive: ManualStartWithPassiveTcpEstablishment, Passive => [], OpenConfirm, live;
    open_confirm_automatic_start_passive: AutomaticStartWithPassiveTcpEstablishment, Plain => [], OpenConfirm, never "an automatic start is only raised in Idle";
    open_confirm_automatic_start_damped: AutomaticStartWithDampPeerOscillations, Plain => [], OpenConfirm, never "an automatic start is only raised in Idle";
    open_confirm_automatic_start_damped_passive: AutomaticStartWithDampPeerOscillationsAndPassiveTcpEstablishment, Plain => [], OpenConfirm, never "an automatic start is only raised in Idle";
    open_confirm_automatic_stop: AutomaticStop, Plain => [SendNotification, StopConnectRetry, Drop, CountRetry, Damp], Idle, live;
    open_confirm_connect_retry_timer_expires: ConnectRetryTimerExpires, Plain => [SendNotification, StopConnectRetry, Drop, CountRetry, Damp], Idle, never "the timer is not armed in this state";
    open_confirm_hold_timer_expires: HoldTimerExpires, Plain => [SendNotification, StopConnectRetry, Drop, CountRetry, Damp], Idle, live;
    open_confirm_keepalive_timer_expires: KeepaliveTimerExpires, Plain => [SendKeepalive], OpenConfirm, live;
    open_confirm_delay_open_timer_expires: DelayOpenTimerExpires, Plain => [SendNotification, StopConnectRetry, Drop, CountRetry, Damp], Idle, never "the timer is not armed in this state";
    open_confirm_idle_hold_timer_expires: IdleHoldTimerExpires, Plain => [SendNotification, StopConnectRetry, Drop, CountRetry, Damp], Idle, never "the timer is not armed in this state";
    open_confirm_tcp_connection_valid: TcpConnectionValid, Plain => [TrackSecond], OpenConfirm, never "TrackTcpState is not supported: only connections that are up are told of";
    open_confirm_tcp_cr_invalid: TcpCrInvalid, Plain => [Refuse], OpenConfirm, live;
    open_confirm_tcp_cr_acked: TcpCrAcked, Plain => [TrackSecond], OpenConfirm, live;
    open_confirm_tcp_connection_confirmed: TcpConnectionConfirmed, Plain => [TrackSecond], OpenConfirm, live;
    open_confirm_tcp_connection_fails: TcpConnectionFails, Plain => [StopConnectRetry, Drop, CountRetry, Damp], Idle, live;
    open_confirm_bgp_open: BgpOpen, Plain => [SendNotification, StopConnectRetry, Drop, CountRetry, Damp], Idle, live;
    open_confirm_bgp_open_while_delaying: BgpOpenWithDelayOpenTimerRunning, Plain => [SendNotification, StopConnectRetry, Drop, CountRetry, Damp], Idle, never "our OPEN is sent, so the DelayOpenTimer has stopped";
    open_confirm_bgp_header_err: BgpHeaderErr, Plain => [SendNotification, StopConnectRetry, Drop, CountRetry, Damp], Idle, live;
    open_confirm_bgp_open_msg_err: BgpOpenMsgErr, Plain => [SendNotification, StopConnectRetry, Drop, CountRetry, Damp], Idle, live;
    open_confirm_open_collision_dump: OpenCollisionDump, Plain => [SendNotification, StopConnectRetry, Drop, CountRetry, Damp], Idle, live;
    open_confirm_notif_msg_ver_err: NotifMsgVerErr, Plain => [StopConnectRetry, Drop], Idle, live;
    open_confirm_notif_msg: NotifMsg, Plain => [StopConnectRetry, Drop, CountRetry, Damp], Idle, live;
    open_confirm_keep_alive_msg: KeepAliveMsg, Plain => [RestartHold], Established, live;
    open_confirm_update_msg: UpdateMsg, Plain => [SendNotification, StopConnectRetry, Drop, CountRetry, Damp], Idle, live;
    open_confirm_update_msg_err: UpdateMsgErr, Plain => [SendNotification, StopConnectRetry, Drop, CountRetry, Damp], Idle, never "an UPDATE is not read before Established: it is Event 27";
    open_confirm_send_hold_timer_expires: SendHoldTimerExpires, Plain => [SendNotification, StopConnectRetry, Drop, CountRetry, Damp], Idle, never "the timer is not armed in this state";
    open_confirm_route_refresh_msg: RouteRefreshMsg, Plain => [SendNotification, StopConnectRetry, Drop, CountRetry, Damp], Idle, live;
}
